/* eligctl keygen and fingerprint. */
#include "protocol/eligctl.h"

#include "protocol/commands.h"
#include "protocol/identity.h"
#include "protocol/keyfile.h"
#include "protocol/nearest.h"
#include "protocol/options.h"

#include <assert.h>
#include <string.h>

/* ---- the kinds ---- */

static bool read_signing_public(uint8_t key[static NOISE_KEY_SIZE], const char *path,
                                struct fault *fault)
{
    struct sign_public public;
    static_assert(sizeof(public.bytes) == NOISE_KEY_SIZE, "all public keys have one size");
    if (!keyfile_read_public(&public, path, fault))
        return false;
    memcpy(key, public.bytes, sizeof(public.bytes));
    return true;
}

static const struct kind {
    const char *name, *title;
    const char *whose, *public_whose; /* who has the file, and the public half; NULL: it has none */
    bool (*create)(const char *path, struct fault *fault);
    bool (*read_public)(uint8_t key[static NOISE_KEY_SIZE], const char *path, struct fault *fault);
} kinds[] = {
    {"identity", "Identity", "for the loader and the engines", NULL, keyfile_create_identity, NULL},
    {"signing", "Signing", NULL, "for the engines", keyfile_create_signing, read_signing_public},
    {"server", "Server", NULL, "for the terminals", keyfile_create_server,
     keyfile_read_server_public},
    {"terminal", "Terminal", NULL, "for eligctl terminal add", keyfile_create_terminal,
     keyfile_read_terminal_public},
    {"merchant", "Merchant", "for the engines and the merchant's terminals", NULL,
     keyfile_create_merchant, NULL},
    {"subject", "Subject", "for the loader and the ledger; never changed", NULL,
     keyfile_create_subject, NULL},
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))
#define KIND_NAMES "identity, signing, server, terminal, merchant or subject"

static const struct kind *kind_of_name(const char *name)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    return NULL;
}

static int refuse_kind(const char *name)
{
    const char *names[KIND_COUNT];
    char near[NEAREST_TEXT_SIZE];
    for (size_t i = 0; i < KIND_COUNT; i++)
        names[i] = kinds[i].name;
    fprintf(stderr, "eligctl keygen: want " KIND_NAMES ", found \"%.60s\"%s\n", name,
            nearest_text(near, "; did you mean ", "?", name, names, KIND_COUNT));
    return EXIT_USAGE;
}

/* ---- keygen ---- */

struct keygen_settings {
    const char *kind;
};

static const struct option_row keygen_rows[] = {
    {"kind", OPTION_TEXT, offsetof(struct keygen_settings, kind), "KIND", NULL, 0, 0,
     "the kind as an option: eligctl keygen --kind KIND FILE"},
};

static const struct option_table keygen_table = {
    .usage = "eligctl keygen identity|signing|server|terminal|merchant|subject FILE",
    .about = "Makes a new secret key. A file that exists is never overwritten.",
    .rows = keygen_rows,
    .row_count = sizeof(keygen_rows) / sizeof(keygen_rows[0]),
    .operands_least = 1,
    .operands_most = 2,
    .footer = "identity  the key of a snapshot's digests: loader and engine have it, nobody else\n"
              "signing   a key that signs snapshots, or another one for lists of revocations:\n"
              "          the engine gets FILE.pub\n"
              "server    an engine's key of sealed sessions: terminals get FILE.pub\n"
              "terminal  a terminal's key: made on the terminal, only FILE.pub leaves it\n"
              "merchant  the secret that a merchant's terminals share with the engines\n"
              "subject   what the ledger calls persons by: loader and ledger have it, as long as\n"
              "          the ledger lasts\n"
              "exit status: 0 made; 2 usage; 3 could not make it",
};

static bool tell_public(const struct kind *kind, const char *path, struct fault *fault)
{
    char public_path[4096], fingerprint[FINGERPRINT_TEXT_SIZE];
    uint8_t key[NOISE_KEY_SIZE];
    snprintf(public_path, sizeof(public_path), "%s" KEYFILE_PUBLIC_SUFFIX, path);
    if (!kind->read_public(key, public_path, fault))
        return false;
    keyfile_fingerprint(fingerprint, key);
    printf("%s key: %s (secret), %s (%s).\nFingerprint: %s\n", kind->title, path, public_path,
           kind->public_whose, fingerprint);
    return true;
}

int run_keygen(int argc, char *argv[])
{
    struct keygen_settings settings;
    struct operands operands = {.count = 0};
    struct fault fault;
    options_read(&keygen_table, &settings, &operands, argc, argv);
    if (operands.count != (settings.kind == NULL ? 2 : 1)) {
        fprintf(stderr, "eligctl keygen: want a kind and a file; --help tells the kinds\n");
        return EXIT_USAGE;
    }
    const char *name = settings.kind == NULL ? operands.words[0] : settings.kind;
    const char *path = operands.words[operands.count - 1];
    const struct kind *kind = kind_of_name(name);
    if (kind == NULL)
        return refuse_kind(name);
    if (!identity_start(&fault) || !kind->create(path, &fault) ||
        (kind->read_public != NULL && !tell_public(kind, path, &fault)))
        return command_fail("eligctl keygen", EXIT_FAILED, &fault);
    if (kind->read_public == NULL)
        printf("%s key: %s (secret; %s).\n", kind->title, path, kind->whose);
    return command_finish("eligctl keygen", EXIT_YES);
}

/* ---- fingerprint ---- */

static const struct option_table fingerprint_table = {
    .usage = "eligctl fingerprint FILE.pub",
    .about = "Prints the fingerprint of a public key, to be compared with the one that keygen "
             "printed.",
    .operands_least = 1,
    .operands_most = 1,
    .footer = "exit status: 0 told; 2 usage; 3 not a public key",
};

int run_fingerprint(int argc, char *argv[])
{
    char nothing, text[FINGERPRINT_TEXT_SIZE];
    uint8_t key[NOISE_KEY_SIZE];
    struct operands operands = {.count = 0};
    struct fault fault;
    options_read(&fingerprint_table, &nothing, &operands, argc, argv);
    const char *path = operands.words[0];
    if (!identity_start(&fault))
        return command_fail("eligctl fingerprint", EXIT_FAILED, &fault);
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (kinds[i].read_public == NULL || !kinds[i].read_public(key, path, &fault))
            continue;
        keyfile_fingerprint(text, key);
        printf("%s  %s  %s\n", text, kinds[i].name, path);
        return command_finish("eligctl fingerprint", EXIT_YES);
    }
    /* What is wrong with the file itself is as true of every kind. */
    if (strstr(fault.text, "not a key of this kind") != NULL)
        fault_write(&fault, "%s: not a public key: wanted a file FILE.pub of eligctl keygen", path);
    return command_fail("eligctl fingerprint", EXIT_FAILED, &fault);
}
