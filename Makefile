# The AVIS eligibility engine. `make help` lists the targets.
CC       ?= gcc
SAN      ?=
BUILD    := build$(if $(filter-out gcc cc,$(CC)),-$(notdir $(CC)))$(if $(SAN),-$(subst $(comma),-,$(SAN)))
comma    := ,
STD      := -std=c17 -D_GNU_SOURCE -I.
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
            -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations \
            -Wswitch-enum -Wundef -Wvla -Wformat=2 -Wcast-align -Wcast-qual \
            -Wpointer-arith -Wwrite-strings -Wimplicit-fallthrough -Werror
HARD     := -fstack-protector-strong -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2)
OPT      ?= -O2 -g
CFLAGS   += $(STD) $(WARN) $(HARD) $(OPT) -pthread $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
LDFLAGS  += -pie -pthread -Wl,-z,relro,-z,now $(if $(SAN),-fsanitize=$(SAN))
