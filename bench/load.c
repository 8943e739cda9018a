#include "bench/load.h"

#include "bench/keys.h"
#include "protocol/identity.h"
#include "protocol/keyfile.h"

#include <string.h>

bool target_fits(const struct target_settings *target, struct fault *fault)
{
    const struct dialect *dialect = dialect_of_name(target->dialect);
    if (dialect == NULL)
        return fault_set(fault, "--dialect: want " DIALECT_NAMES ", found \"%.60s\"",
                         target->dialect);
    if (target->has_keys_to_load && dialect->set == NULL)
        return fault_set(fault, "--load-keys: goes with redis, valkey or memcached, not with %s",
                         dialect->name);
    if (target->server_public != NULL && (target->merchant_key == NULL || dialect != &dialect_elig))
        return fault_set(fault, "--server-public: goes with --merchant-key FILE and the dialect "
                                "elig");
    return true;
}

bool traffic_fits(const struct traffic_settings *traffic, struct fault *fault)
{
    return traffic->processes <= traffic->connections ||
           fault_set(fault, "--processes: want at most as many as --connections, which are %llu",
                     (unsigned long long)traffic->connections);
}

static bool read_sealing(struct sealing *out, const struct target_settings *target,
                         struct fault *fault)
{
    *out = (struct sealing){.seed = target->terminal_seed,
                            .terminal_count = (uint32_t)target->terminal_count,
                            .environment = (uint32_t)target->environment,
                            .is_padded = target->is_padded};
    return identity_start(fault) &&
           keyfile_read_server_public(out->server_public, target->server_public, fault) &&
           keyfile_read_merchant(out->merchant_key, target->merchant_key, fault);
}

bool load_read_workload(struct load *load, const char *truth,
                        const struct traffic_settings *traffic, uint8_t kind, struct fault *fault)
{
    struct mix mix = {(uint32_t)traffic->hit_percent, (double)traffic->skew_percent / 100,
                      traffic->seed, kind};
    load->process_count = (uint32_t)traffic->processes;
    load->plan = (struct plan){
        .workload = &load->workload,
        .connection_count = (uint32_t)traffic->connections,
        .depth = 1,
        .warm_ms = (uint32_t)traffic->warm_ms,
        .measure_ms = (uint32_t)traffic->measure_ms,
    };
    return workload_read(&load->workload, truth, &mix, fault);
}

bool load_open(struct load *load, const struct target_settings *target,
               const struct traffic_settings *traffic, uint8_t kind, struct fault *fault)
{
    if (!load_read_workload(load, target->truth, traffic, kind, fault))
        return false;
    load->plan.dialect = dialect_of_name(target->dialect);
    load->plan.address = target->connect;
    load->plan.server_pid = (pid_t)target->pid;
    bool is_fine = true;
    if (target->server_public != NULL) {
        is_fine = read_sealing(&load->sealing, target, fault);
        load->plan.sealing = &load->sealing;
    }
    if (is_fine && target->has_keys_to_load)
        is_fine =
            keys_load(target->connect, load->plan.dialect, load->workload.identifier_count, fault);
    if (!is_fine)
        load_close(load);
    return is_fine;
}

void load_close(struct load *load)
{
    workload_free(&load->workload);
}

bool load_run(struct result *result, const struct load *load, struct fault *fault)
{
    return fleet_run(result, &load->plan, load->process_count, NULL, fault);
}
