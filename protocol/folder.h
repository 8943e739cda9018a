/* The folder of snapshots: GENERATION.mdb (an immutable LMDB file), GENERATION.man (its manifest)
 * and CURRENT, which names the one in service. What its files are called and how they are read;
 * loader/publish writes them. */
#ifndef PROTOCOL_FOLDER_H
#define PROTOCOL_FOLDER_H

#include <sys/types.h>

#include "protocol/fault.h"
#include "protocol/manifest.h"

#define DATA_SUFFIX          ".mdb"
#define MANIFEST_SUFFIX      ".man"
#define TMP_SUFFIX           ".tmp" /* behind the others, while it counts for nothing yet */
#define CURRENT_NAME         "CURRENT"
#define CURRENT_SIZE         (16 + 1 + 2 * DATA_HASH_SIZE + 1) /* generation, space, hash, newline */
#define GENERATION_TEXT_SIZE 17                                /* 16 hexadecimal digits and NUL */
#define FOLDER_NAME_SIZE     32

/* "00000000000004d2" <-> 1234. Parsing wants exactly 16 lower-case digits. */
void generation_to_text(char text[static GENERATION_TEXT_SIZE], uint64_t generation);
MUST_USE bool generation_of_text(uint64_t *generation, const char *text, size_t text_size);

void folder_file_name(char name[static FOLDER_NAME_SIZE], uint64_t generation, const char *suffix);

/* The folder, or a regular file of it with its size, open for reading; -1 with a fault. Neither is
 * a symbolic link to a file followed nor a FIFO waited for. */
int folder_open(const char *directory, struct fault *fault);
int folder_open_regular(int directory_fd, const char *name, uint64_t *size, struct fault *fault);

/* Reads until `size` bytes are there or the file ends; how many, or -1. */
ssize_t folder_read(int fd, void *out, size_t size);

/* A small file of exactly this size. */
MUST_USE bool folder_read_exactly(int directory_fd, const char *name, uint8_t *out, size_t size,
                                  struct fault *fault);

/* What CURRENT holds: a generation and the hash of its manifest. */
void current_encode(uint8_t line[static CURRENT_SIZE], uint64_t generation,
                    const uint8_t manifest_hash[static DATA_HASH_SIZE]);
MUST_USE bool current_decode(uint64_t *generation, uint8_t manifest_hash[static DATA_HASH_SIZE],
                             const uint8_t line[static CURRENT_SIZE]);

#endif
