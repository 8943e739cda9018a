#include "engine/keeper.h"

#include "engine/log.h"
#include "protocol/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define KEEPER_PATH_SIZE 4096
#define ALARMS_A_ROUND   64 /* more are said in the next second */

struct keeper {
    struct keeper_settings settings;
    char guard_path[KEEPER_PATH_SIZE], counters_path[KEEPER_PATH_SIZE];
    pthread_t thread;
    bool is_started;
    int lock_fd;    /* the folder is ours as long as it is open; -1: there is none */
    bool is_loaded; /* else there is nothing to save, or nowhere */
    _Atomic uint64_t alarm_count;
    bool is_unsaved_said; /* that saving fails, once until it works again */

    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool is_ending;
};

static void say_alarms(struct keeper *keeper)
{
    struct guard_alarm alarm;
    for (int i = 0; i < ALARMS_A_ROUND && guard_take_alarm(keeper->settings.guard, &alarm); i++) {
        atomic_fetch_add(&keeper->alarm_count, 1);
        if (alarm.terminal == GUARD_TERMINAL_ELSEWHERE)
            log_event("alarm", "terminal=others cause=%s", guard_cause_name(alarm.cause));
        else
            log_event("alarm", "terminal=%u cause=%s", alarm.terminal,
                      guard_cause_name(alarm.cause));
    }
}

static void save(struct keeper *keeper, bool is_last)
{
    struct fault fault, another;
    char text[LOG_TEXT_SIZE];
    if (!keeper->is_loaded)
        return;
    bool is_saved =
        guard_save(keeper->settings.guard, keeper->guard_path, is_last, clock_wall_s(), &fault);
    if (!counters_save(keeper->settings.counters, keeper->counters_path,
                       is_saved ? &fault : &another))
        is_saved = false;
    if (!is_saved && !keeper->is_unsaved_said)
        log_event("unsaved", "fault=%s", log_text(text, fault.text));
    keeper->is_unsaved_said = !is_saved;
}

/* A second; false at the end. */
static bool wait_a_second(struct keeper *keeper)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    pthread_mutex_lock(&keeper->lock);
    int rc = 0;
    while (rc == 0 && !keeper->is_ending)
        rc = pthread_cond_timedwait(&keeper->ended, &keeper->lock, &until);
    bool goes_on = !keeper->is_ending;
    pthread_mutex_unlock(&keeper->lock);
    return goes_on;
}

static void *keeper_run(void *argument)
{
    struct keeper *keeper = argument;
    uint32_t second = 0;
    while (wait_a_second(keeper)) {
        say_alarms(keeper);
        if (++second % keeper->settings.save_s == 0)
            save(keeper, false);
    }
    return NULL;
}

static bool path_make(char path[static KEEPER_PATH_SIZE], const char *directory, const char *name,
                      struct fault *fault)
{
    int length = snprintf(path, KEEPER_PATH_SIZE, "%s/%s", directory, name);
    if (length < 0 || length >= KEEPER_PATH_SIZE)
        return fault_set(fault, "%s: too long a path", directory);
    return true;
}

/* Two servers in one folder would each undo what the other has written. */
static bool lock_folder(struct keeper *keeper, struct fault *fault)
{
    char path[KEEPER_PATH_SIZE];
    const char *directory = keeper->settings.directory;
    if (!path_make(path, directory, KEEPER_LOCK_FILE, fault))
        return false;
    keeper->lock_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (keeper->lock_fd < 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    if (flock(keeper->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno == EWOULDBLOCK)
        return fault_set(fault,
                         "%s: another server keeps its state there; stop it, or give this one a "
                         "folder of its own",
                         directory);
    return fault_set(fault, "%s: cannot be locked: %s", path, strerror(errno));
}

/* A state that cannot be read must not keep the server from serving; that it begins anew is said.
 */
static bool load(struct keeper *keeper, struct fault *fault)
{
    const struct keeper_settings *settings = &keeper->settings;
    struct fault refusal;
    char text[LOG_TEXT_SIZE];
    uint32_t slot_count = 0;
    if (!path_make(keeper->guard_path, settings->directory, KEEPER_GUARD_FILE, fault) ||
        !path_make(keeper->counters_path, settings->directory, KEEPER_COUNT_FILE, fault) ||
        !lock_folder(keeper, fault))
        return false;
    if (!guard_load(settings->guard, keeper->guard_path, clock_wall_s(), &slot_count, &refusal))
        log_event("state_refused", "fault=%s", log_text(text, refusal.text));
    if (!counters_load(settings->counters, keeper->counters_path, &refusal))
        log_event("state_refused", "fault=%s", log_text(text, refusal.text));
    log_event("state", "guarded_terminals=%u counters=%u", slot_count,
              counters_count(settings->counters));
    /* Whoever cannot write it now will not be able to when it matters. */
    keeper->is_loaded =
        guard_save(settings->guard, keeper->guard_path, false, clock_wall_s(), fault);
    return keeper->is_loaded;
}

bool keeper_open(struct keeper **out, const struct keeper_settings *settings, struct fault *fault)
{
    struct keeper *keeper = calloc(1, sizeof(*keeper));
    if (keeper == NULL)
        return fault_set(fault, "no memory for the keeper of state");
    keeper->settings = *settings;
    keeper->lock_fd = -1;
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&keeper->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    if (settings->directory != NULL && !load(keeper, fault)) {
        keeper_close(keeper);
        return false;
    }
    *out = keeper;
    return true;
}

bool keeper_start(struct keeper *keeper, struct fault *fault)
{
    int rc = pthread_create(&keeper->thread, NULL, keeper_run, keeper);
    if (rc != 0)
        return fault_set(fault, "thread of the keeper: %s", strerror(rc));
    keeper->is_started = true;
    return true;
}

uint64_t keeper_alarm_count(const struct keeper *keeper)
{
    return keeper != NULL ? atomic_load(&keeper->alarm_count) : 0;
}

void keeper_close(struct keeper *keeper)
{
    if (keeper == NULL)
        return;
    if (keeper->is_started) {
        pthread_mutex_lock(&keeper->lock);
        keeper->is_ending = true;
        pthread_cond_signal(&keeper->ended);
        pthread_mutex_unlock(&keeper->lock);
        pthread_join(keeper->thread, NULL);
        say_alarms(keeper);
    }
    /* Also when the start failed and nobody was served: else that would look like a crash, and
     * terminals pay for those. */
    save(keeper, true);
    if (keeper->lock_fd >= 0)
        close(keeper->lock_fd);
    pthread_cond_destroy(&keeper->ended);
    pthread_mutex_destroy(&keeper->lock);
    free(keeper);
}
