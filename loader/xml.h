/* Rows of an XML delivery: elements of one name, whose fields are child elements or attributes.
 * The only file that speaks expat.
 *
 * Bytes come in pieces of any size. A document type declaration is refused as a whole: entities
 * that multiply or fetch are of no use in a delivery. */
#ifndef LOADER_XML_H
#define LOADER_XML_H

#include "loader/register.h"
#include "loader/text.h"
#include "protocol/fault.h"

#define XML_DEPTH_MAX      16
#define XML_FIELD_SIZE_MAX 1024        /* of all text of one field */
#define XML_TOKEN_SIZE_MAX (64u << 10) /* of one tag, comment or piece of text */

struct xml;

/* Called for every row: `fields[i]` is the description's column i, UTF-8, empty when it is not
 * there; valid during the call. `refusal` is 0 or says what is wrong with the row as a whole, then
 * `column` (from 1) says where. */
typedef void xml_on_row(void *context, const struct span fields[], uint32_t line, unsigned refusal,
                        uint8_t column);

/* `description` and `context` are borrowed until xml_end. Aborts when memory runs out. */
struct xml *xml_begin(const struct register_description *description, xml_on_row *on_row,
                      void *context);

/* The next bytes; `is_last` with the last of them. A document that is not well-formed, or goes
 * beyond a limit, is a fault: line:column: why. After a fault only xml_end may follow. */
MUST_USE bool xml_feed(struct xml *xml, const char *bytes, size_t size, bool is_last,
                       struct fault *fault);
void xml_end(struct xml *xml); /* NULL: nothing */

#endif
