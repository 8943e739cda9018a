/* A small catalogue made by hand, for tests of compiling: rules and tables as the readers would
 * fill them. Things are added in the order in which a rules file would say them; what is added last
 * can be changed through the pointer that comes back. Constant memory; one shop in a program. */
#ifndef TESTS_SHOP_H
#define TESTS_SHOP_H

#include "loader/compile.h"

#define SHOP_FROM_DAY 20000
#define SHOP_GIVER    UINT64_C(90000000001)
#define SHOP_PROVIDER UINT64_C(40000000001)

extern struct catalogue shop;

/* Empty but for what is reserved. */
void shop_begin(void);

void shop_product(uint32_t number);
struct rule_relief *shop_relief(const char *name);
struct rule_version *shop_version(uint32_t from_day, uint32_t until_day); /* of the last relief */
struct rule_clause *shop_clause(uint32_t product);                        /* of the last version */
struct rule_limit *shop_limit(uint32_t value);                            /* of the last version */
struct split *shop_split(uint16_t code);

/* Of the last clause. */
void shop_also_product(uint32_t product);
void shop_at(uint32_t first, uint32_t last);
void shop_in(uint32_t prefix, uint8_t digit_count);
void shop_under(uint32_t contract);

/* A calendar's index; its items follow. */
uint32_t shop_calendar(void);
struct calendar_item *shop_item(enum calendar_item_kind kind);

struct giver *shop_giver(uint64_t number);
struct provider *shop_provider(uint64_t number);
struct point_row *shop_point(uint32_t number, uint64_t provider, uint32_t place);
struct contract_row *shop_contract(uint32_t number, const char *relief, uint64_t provider);
void shop_range(uint32_t first, uint32_t last); /* of the last contract */
/* With a key of its own; its products, none said for all, follow. */
struct terminal_row *shop_terminal(uint32_t number, uint32_t first_point, uint32_t last_point);
void shop_sells(uint32_t first, uint32_t last); /* of the last terminal */
struct product_row *shop_product_row(uint32_t number);

/* Everything that must hold of what was compiled out of the shop, whatever it says. */
void shop_check(const struct compiled *compiled, struct window window);

/* The records as they would be stored, one behind the other; the caller frees them. */
uint8_t *shop_bytes(const struct compiled *compiled, size_t *size);

#endif
