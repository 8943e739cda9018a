#include "loader/lint.h"
#include "protocol/day.h"
#include "tests/latvia.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* 2026-11-23; the window is from 2026-10-23 until 2027-01-24. */
#define TODAY 20780

#define RIGA "90011524360"
#define BUS  "40003619950"
#define R    "relief R giver " RIGA " from 2026-01-01\n"
#define ALL  "clause everybody product ticket free\n"

/* Tables about which there is nothing to say. */
static const char *const usual_tables[TABLE_COUNT] = {
    [TABLE_GIVERS] = "number,title,from,until\n" RIGA ",Riga,,\n",
    [TABLE_PROVIDERS] = "number,title,state,from,until\n" BUS ",Buses,,,\n",
    [TABLE_POINTS] = "number,provider,place,title,state,from,until\n101," BUS ",0001000,Bus 1,,,\n"
                     "102," BUS ",0001000,Bus 2,,,\n",
    [TABLE_TERMINALS] = "number,points,profile,key,from,until\n1011,101,gate,,,\n",
    [TABLE_CONTRACTS] =
        "number,giver,provider,relief,points,from,until\n11," RIGA "," BUS ",R,all,,\n",
    [TABLE_PRODUCTS] = "number,name,unit,price,from,until\n1001,ticket,ride,1.50,,\n",
};

#define GIVERS    "number,title,from,until\n"
#define PROVIDERS "number,title,state,from,until\n"
#define POINTS    "number,provider,place,title,state,from,until\n"
#define TERMINALS "number,points,profile,key,from,until\n"
#define CONTRACTS "number,giver,provider,relief,points,from,until\n"
#define PRODUCTS  "number,name,unit,price,from,until\n"
#define CONTRACT  "11," RIGA "," BUS ",R,all,,\n"

struct row {
    const char *name;
    enum warning warning;
    size_t count; /* of that warning */
    const char *rules;
    const char *where; /* what the first one begins with, behind the folder; NULL: whatever */
    enum trade_table table;
    const char *other; /* in the place of the usual table; NULL: the usual one */
    enum trade_table second_table;
    const char *second_other;
};

static const struct row rows[] = {
    {"nothing to say of the usual", WARNING_COUNT, 0, R ALL, NULL, 0, NULL, 0, NULL},

    /* clauses that are never reached */
    {"everybody leaves nothing to a group", WARNING_CLAUSE_UNREACHED, 1,
     "group g = age >= 75\n" R ALL "clause g product ticket discount 50%\n",
     "a.rules:4: clause 2 of R", 0, NULL, 0, NULL},
    {"a group leaves the others to everybody", WARNING_CLAUSE_UNREACHED, 0,
     "group g = age >= 75\n" R "clause g product ticket discount 50%\n" ALL, NULL, 0, NULL, 0,
     NULL},
    {"a group within another", WARNING_CLAUSE_UNREACHED, 1,
     "group g = age >= 65\ngroup h = age >= 75 and list riga_staff\n" R
     "clause g product ticket free\nclause h product ticket discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"a group beside another", WARNING_CLAUSE_UNREACHED, 0,
     "group g = age >= 65\ngroup h = list riga_staff\n" R
     "clause g product ticket free\nclause h product ticket discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"another product", WARNING_CLAUSE_UNREACHED, 0,
     "group g = age >= 75\nproduct pass = 1002\n" R ALL
     "clause g product ticket, pass discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"each product by another clause", WARNING_CLAUSE_UNREACHED, 1,
     "group g = age >= 75\nproduct pass = 1002\n" R ALL "clause everybody product pass free\n"
     "clause g product ticket, pass discount 50%\n",
     "a.rules:6: clause 3 of R", 0, NULL, 0, NULL},
    {"at points of sale within", WARNING_CLAUSE_UNREACHED, 1,
     R "clause everybody product ticket at 102, 101 free\nclause everybody product ticket at "
       "101-102 discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"at points of sale beyond", WARNING_CLAUSE_UNREACHED, 0,
     R "clause everybody product ticket at 101 free\nclause everybody product ticket at 101-102 "
       "discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"in a place within", WARNING_CLAUSE_UNREACHED, 1,
     R "clause everybody product ticket in 0001 free\nclause everybody product ticket in 0001000 "
       "discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"in a place around", WARNING_CLAUSE_UNREACHED, 0,
     R "clause everybody product ticket in 0001000 free\nclause everybody product ticket in 0001 "
       "discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"under one contract and any", WARNING_CLAUSE_UNREACHED, 0,
     R "clause everybody product ticket under 11 free\nclause everybody product ticket discount "
       "50%\n",
     NULL, 0, NULL, 0, NULL},
    {"under a contract after any", WARNING_CLAUSE_UNREACHED, 1,
     R ALL "clause everybody product ticket under 11 discount 50%\n", NULL, 0, NULL, 0, NULL},
    {"on days within", WARNING_CLAUSE_UNREACHED, 1,
     R "clause everybody product ticket on weekdays free\n"
       "clause everybody product ticket on monday, friday discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    /* all days of the window are within September to May */
    {"on days that are more only after the window", WARNING_CLAUSE_UNREACHED, 0,
     R "clause everybody product ticket on 09-01..05-31 free\nclause everybody product ticket "
       "discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"on days that are more in a place only", WARNING_CLAUSE_UNREACHED, 0,
     R "clause everybody product ticket on weekdays free\n"
       "clause everybody product ticket on monday, sunday in 0004 discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"at hours within", WARNING_CLAUSE_UNREACHED, 1,
     R "clause everybody product ticket 08:00-15:00 free\n"
       "clause everybody product ticket 09:00-14:00 discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"at hours beyond", WARNING_CLAUSE_UNREACHED, 0,
     R "clause everybody product ticket 08:00-10:00, 11:00-15:00 free\n"
       "clause everybody product ticket 09:00-14:00 discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"prices within", WARNING_CLAUSE_UNREACHED, 1,
     R "clause everybody product ticket price from 1.00 free\n"
       "clause everybody product ticket price from 2.00 below 3.00 discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"prices beyond", WARNING_CLAUSE_UNREACHED, 0,
     R "clause everybody product ticket price from 1.00 below 2.00 free\n"
       "clause everybody product ticket price from 1.50 discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"quantities within", WARNING_CLAUSE_UNREACHED, 1,
     R "clause everybody product ticket quantity from 2 free\nclause everybody product ticket "
       "quantity 3 discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"quantities beyond", WARNING_CLAUSE_UNREACHED, 0,
     R "clause everybody product ticket quantity 2 free\nclause everybody product ticket quantity "
       "from 2 discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"means and ways of reading within", WARNING_CLAUSE_UNREACHED, 1,
     R "clause everybody product ticket by eid, card free\n"
       "clause everybody product ticket by eid read chip discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"other means", WARNING_CLAUSE_UNREACHED, 0,
     R "clause everybody product ticket by eid free\nclause everybody product ticket by eid, card "
       "discount 50%\n",
     NULL, 0, NULL, 0, NULL},
    {"of another version", WARNING_CLAUSE_UNREACHED, 0,
     "group g = age >= 75\n" R ALL "relief R giver " RIGA
     " from 2026-12-01\nclause g product ticket free\n",
     NULL, 0, NULL, 0, NULL},
    {"of a version that is over", WARNING_CLAUSE_UNREACHED, 0,
     "group g = age >= 75\nrelief R giver " RIGA " from 2025-01-01\n" ALL
     "clause g product ticket discount 50%\n" R ALL,
     NULL, 0, NULL, 0, NULL},
    {"of a draft", WARNING_CLAUSE_UNREACHED, 1,
     "group g = age >= 75\n" R "state draft\n" ALL "clause g product ticket discount 50%\n", NULL,
     0, NULL, 0, NULL},

    /* clauses that take nothing off */
    {"above what it may cost", WARNING_CLAUSE_NOTHING, 1,
     R "clause everybody product ticket price below 3.00 discount 50% above 3.00\n",
     "a.rules:2: clause 1 of R", 0, NULL, 0, NULL},
    {"above less than it may cost", WARNING_CLAUSE_NOTHING, 0,
     R "clause everybody product ticket price below 3.01 discount 50% above 2.00\n", NULL, 0, NULL,
     0, NULL},
    {"costs more than it may cost", WARNING_CLAUSE_NOTHING, 1,
     R "clause everybody product ticket price below 3.00 costs 5.00\n", NULL, 0, NULL, 0, NULL},
    {"rounded down to nothing", WARNING_CLAUSE_NOTHING, 1,
     R "round down to 1.00\nclause everybody product ticket amount 0.99\n", NULL, 0, NULL, 0, NULL},
    {"rounded up", WARNING_CLAUSE_NOTHING, 0,
     R "round up to 1.00\nclause everybody product ticket amount 0.01\n", NULL, 0, NULL, 0, NULL},
    {"of many units together it is something", WARNING_CLAUSE_NOTHING, 0,
     R "round down to 1.00\nclause everybody product ticket subsidy 0.01\n", NULL, 0, NULL, 0,
     NULL},
    {"of one unit it is nothing", WARNING_CLAUSE_NOTHING, 1,
     R "round down to 1.00\nclause everybody product ticket subsidy 0.01 for 1 unit\n", NULL, 0,
     NULL, 0, NULL},
    {"what costs nothing is to be recorded", WARNING_CLAUSE_NOTHING, 0,
     R "clause everybody product ticket price below 0.0001 free\n", NULL, 0, NULL, 0, NULL},

    /* groups */
    {"conditions that contradict each other", WARNING_GROUP_EMPTY, 1,
     "group g = age >= 75 and age < 18\n" R "clause g product ticket free\n",
     "a.rules:1: nobody can ever be in g", 0, NULL, 0, NULL},
    {"days that are over", WARNING_GROUP_EMPTY, 1,
     "group g = age >= 75 until 2026-10-23\n" R "clause g product ticket free\n",
     "a.rules:1: nobody can be in g any more", 0, NULL, 0, NULL},
    {"days of the window", WARNING_GROUP_EMPTY, 0,
     "group g = age >= 75 until 2026-10-24\n" R "clause g product ticket free\n", NULL, 0, NULL, 0,
     NULL},
    {"a group that nobody uses", WARNING_GROUP_UNUSED, 1, "group g = age >= 75\n" R ALL,
     "a.rules:1: no clause", 0, NULL, 0, NULL},
    {"a group that another uses", WARNING_GROUP_UNUSED, 0,
     "group g = age >= 75\ngroup h = g and list riga_staff\n" R
     "unknown last known 3 days\nclause h product ticket free\n",
     NULL, 0, NULL, 0, NULL},

    /* contracts */
    {"two contracts on one point of sale", WARNING_CONTRACT_OVERLAP, 1, R ALL,
     "contracts.csv:3: contract 12", TABLE_CONTRACTS,
     CONTRACTS CONTRACT "12," RIGA "," BUS ",R,102,2026-05-01,\n", 0, NULL},
    {"one after the other", WARNING_CONTRACT_OVERLAP, 0, R ALL, NULL, TABLE_CONTRACTS,
     CONTRACTS "11," RIGA "," BUS ",R,all,,2026-12-01\n12," RIGA "," BUS ",R,102,2026-12-01,\n", 0,
     NULL},
    {"each its points of sale", WARNING_CONTRACT_OVERLAP, 0, R ALL, NULL, TABLE_CONTRACTS,
     CONTRACTS "11," RIGA "," BUS ",R,101,,\n12," RIGA "," BUS ",R,102,,\n", 0, NULL},
    {"an overlap that is over", WARNING_CONTRACT_OVERLAP, 0, R ALL, NULL, TABLE_CONTRACTS,
     CONTRACTS CONTRACT "12," RIGA "," BUS ",R,102,,2026-10-01\n", 0, NULL},
    {"a contract that is over", WARNING_CONTRACT_NOTHING, 1, R ALL,
     "contracts.csv:3: contract 12 on R is without effect: it ended", TABLE_CONTRACTS,
     CONTRACTS CONTRACT "12," RIGA "," BUS ",R,102,,2026-10-01\n", 0, NULL},
    {"a contract to come", WARNING_CONTRACT_NOTHING, 0, R ALL, NULL, TABLE_CONTRACTS,
     CONTRACTS "11," RIGA "," BUS ",R,all,2028-01-01,\n", 0, NULL},
    {"a contract on a draft", WARNING_CONTRACT_NOTHING, 1, R "state draft\n" ALL,
     "contracts.csv:2: contract 11", 0, NULL, 0, NULL},
    {"a contract on what is suspended", WARNING_CONTRACT_NOTHING, 0, R "state suspended\n" ALL,
     NULL, 0, NULL, 0, NULL},
    {"a contract on what is over", WARNING_CONTRACT_NOTHING, 1,
     "relief R giver " RIGA " from 2025-01-01 until 2026-10-01\n" ALL, NULL, 0, NULL, 0, NULL},
    {"a contract whose points of sale are over", WARNING_CONTRACT_NOTHING, 1, R ALL, NULL,
     TABLE_POINTS, POINTS "101," BUS ",,Bus 1,suspended,,\n102," BUS ",,Bus 2,,,2026-01-01\n", 0,
     NULL},
    {"a contract that no clause is under", WARNING_CONTRACT_NOTHING, 1,
     R "clause everybody product ticket under 12 free\n", "contracts.csv:2: contract 11",
     TABLE_CONTRACTS, CONTRACTS "11," RIGA "," BUS ",R,101,,\n12," RIGA "," BUS ",R,102,,\n", 0,
     NULL},
    {"a contract on a relief for elsewhere", WARNING_CONTRACT_NOTHING, 1,
     R "clause everybody product ticket in 0004 free\n", NULL, 0, NULL, 0, NULL},
    {"a contract on what is given everywhere", WARNING_CONTRACT_NOTHING, 1, R "everywhere\n" ALL,
     NULL, 0, NULL, 0, NULL},
    {"a contract whose clause holds on other days", WARNING_CONTRACT_NOTHING, 0,
     R "clause everybody product ticket on 07-01 free\n", NULL, 0, NULL, 0, NULL},
    {"a relief without a contract", WARNING_RELIEF_UNCOVERED, 1, R ALL,
     "a.rules:1: no contract covers R", TABLE_CONTRACTS, CONTRACTS, 0, NULL},
    {"a relief whose contract is over", WARNING_RELIEF_UNCOVERED, 1, R ALL,
     "a.rules:1: no contract covers R any more", TABLE_CONTRACTS,
     CONTRACTS "11," RIGA "," BUS ",R,all,,2026-10-01\n", 0, NULL},
    {"a relief that is given everywhere", WARNING_RELIEF_UNCOVERED, 0, R "everywhere\n" ALL, NULL,
     TABLE_CONTRACTS, CONTRACTS, 0, NULL},
    {"a draft without a contract", WARNING_RELIEF_UNCOVERED, 0, R "state draft\n" ALL, NULL,
     TABLE_CONTRACTS, CONTRACTS, 0, NULL},

    /* products, points of sale, terminals */
    {"a product of the table that no clause is about", WARNING_PRODUCT_UNUSED, 1, R ALL,
     "products.csv:3: no clause", TABLE_PRODUCTS, PRODUCTS "1001,ticket,,,,\n1002,pass,,,,\n", 0,
     NULL},
    {"a product of the rules that no clause is about", WARNING_PRODUCT_UNUSED, 1,
     "# one\nproduct  pass = 1002\n" R ALL, "a.rules:2: no clause", 0, NULL, 0, NULL},
    {"a product of a draft", WARNING_PRODUCT_UNUSED, 0, R "state draft\n" ALL, NULL, 0, NULL, 0,
     NULL},
    {"a product that is over", WARNING_PRODUCT_UNUSED, 0, R ALL, NULL, TABLE_PRODUCTS,
     PRODUCTS "1001,ticket,,,,\n1002,pass,,,,2026-01-01\n", 0, NULL},
    {"a point of sale without a contract", WARNING_POINT_UNCOVERED, 1, R ALL,
     "points_of_sale.csv:3: point of sale 102", TABLE_CONTRACTS,
     CONTRACTS "11," RIGA "," BUS ",R,101,,\n", 0, NULL},
    {"a point of sale between two contracts' ranges", WARNING_POINT_UNCOVERED, 0, R ALL, NULL,
     TABLE_CONTRACTS, CONTRACTS "11," RIGA "," BUS ",R,101,,\n12," RIGA "," BUS ",R,102,,\n", 0,
     NULL},
    {"a suspended point of sale without a contract", WARNING_POINT_UNCOVERED, 0, R ALL, NULL,
     TABLE_CONTRACTS, CONTRACTS "11," RIGA "," BUS ",R,101,,\n", TABLE_POINTS,
     POINTS "101," BUS ",,Bus 1,,,\n102," BUS ",,Bus 2,suspended,,\n"},
    {"a terminal at a suspended point of sale", WARNING_TERMINAL_POINT, 1, R ALL,
     "terminals.csv:2: terminal 1011", TABLE_POINTS,
     POINTS "101," BUS ",,Bus 1,suspended,,\n102," BUS ",,Bus 2,,,\n", 0, NULL},
    {"a terminal at a point of sale that has ended", WARNING_TERMINAL_POINT, 1, R ALL, NULL,
     TABLE_POINTS, POINTS "101," BUS ",,Bus 1,,,2026-11-23\n102," BUS ",,Bus 2,,,\n", 0, NULL},
    {"a terminal of a suspended provider", WARNING_TERMINAL_POINT, 1, R ALL, NULL, TABLE_PROVIDERS,
     PROVIDERS BUS ",Buses,suspended,,\n", 0, NULL},
    {"a terminal with another point of sale that is open", WARNING_TERMINAL_POINT, 0, R ALL, NULL,
     TABLE_POINTS, POINTS "101," BUS ",,Bus 1,suspended,,\n102," BUS ",,Bus 2,,,\n",
     TABLE_TERMINALS, TERMINALS "1011,101-102,gate,,,\n"},
    {"a terminal whose points of sale have all closed", WARNING_TERMINAL_POINT, 1, R ALL,
     "terminals.csv:2: terminal 1011 stands at point of sale 101, which is suspended", TABLE_POINTS,
     POINTS "101," BUS ",,Bus 1,suspended,,\n102," BUS ",,Bus 2,,,2026-11-23\n", TABLE_TERMINALS,
     TERMINALS "1011,102 101,gate,,,\n"},
    {"a terminal that has ended with its point of sale", WARNING_TERMINAL_POINT, 0, R ALL, NULL,
     TABLE_POINTS, POINTS "101," BUS ",,Bus 1,,,2026-11-23\n102," BUS ",,Bus 2,,,\n",
     TABLE_TERMINALS, TERMINALS "1011,101,gate,,,2026-11-23\n"},

    /* calendars, splits, extensions */
    {"a calendar that nobody uses", WARNING_CALENDAR_UNUSED, 1, "calendar c = 05-04\n" R ALL,
     "a.rules:1: no clause", 0, NULL, 0, NULL},
    {"a calendar of a calendar of a clause", WARNING_CALENDAR_UNUSED, 0,
     "calendar c = 05-04\ncalendar d = c, 11-18\n" R "clause everybody product ticket on d free\n",
     NULL, 0, NULL, 0, NULL},
    {"holidays without workdays", WARNING_CALENDAR_UNUSED, 1, "calendar holidays = 05-04\n" R ALL,
     NULL, 0, NULL, 0, NULL},
    {"holidays of workdays", WARNING_CALENDAR_UNUSED, 0,
     "calendar holidays = 05-04\n" R "clause everybody product ticket on workdays free\n", NULL, 0,
     NULL, 0, NULL},
    {"a split that is not written down", WARNING_SPLIT_UNDEFINED, 1,
     "relief R giver " RIGA " from 2026-01-01 split 3\n" ALL, "a.rules:1: R names split 3", 0, NULL,
     0, NULL},
    {"a split that is written down", WARNING_SPLIT_UNDEFINED, 0,
     "split 3 = " RIGA " rest\nrelief R giver " RIGA " from 2026-01-01 split 3\n" ALL, NULL, 0,
     NULL, 0, NULL},
    {"a split that nobody names", WARNING_SPLIT_UNUSED, 1, R ALL "split 3 = " RIGA " rest\n",
     "a.rules:3: no relief names split 3", 0, NULL, 0, NULL},
    {"a split that a relief names", WARNING_SPLIT_UNUSED, 0,
     "split 3 = " RIGA " rest\nrelief R giver " RIGA " from 2026-01-01 split 3\n" ALL, NULL, 0,
     NULL, 0, NULL},
    {"an extension that has ended", WARNING_EXTENSION_ENDED, 1,
     "extend e = SIF.family ending 2020-03-12..2020-06-09 until 2020-08-01\n" R ALL,
     "a.rules:1: extension e", 0, NULL, 0, NULL},
    {"an extension that goes on", WARNING_EXTENSION_ENDED, 0,
     "extend e = SIF.family ending 2026-03-12..2026-06-09 until 2026-12-01\n" R ALL, NULL, 0, NULL,
     0, NULL},

    /* versions */
    {"days between two versions", WARNING_VERSION_GAP, 1,
     "relief R giver " RIGA " from 2026-01-01 until 2026-12-01\n" ALL "relief R giver " RIGA
     " from 2026-12-02\n" ALL,
     "a.rules:3: R has no version from 2026-12-01", 0, NULL, 0, NULL},
    {"no days between two versions", WARNING_VERSION_GAP, 0,
     "relief R giver " RIGA " from 2026-01-01 until 2026-12-01\n" ALL "relief R giver " RIGA
     " from 2026-12-01\n" ALL,
     NULL, 0, NULL, 0, NULL},
    {"days between two versions that are long over", WARNING_VERSION_GAP, 0,
     "relief R giver " RIGA " from 2020-01-01 until 2021-01-01\n" ALL R ALL, NULL, 0, NULL, 0,
     NULL},
    {"a version after its giver", WARNING_VERSION_NEVER, 1,
     R ALL "relief R giver " RIGA " from 2027-06-01\n" ALL, "a.rules:3: R from 2027-06-01",
     TABLE_GIVERS, GIVERS RIGA ",Riga,,2027-06-01\n", 0, NULL},
    {"a version before its giver", WARNING_VERSION_NEVER, 1,
     "relief R giver " RIGA " from 2026-01-01 until 2027-01-01\n" ALL, NULL, TABLE_GIVERS,
     GIVERS RIGA ",Riga,2027-01-01,\n", 0, NULL},
    {"a version whose giver ends within it", WARNING_VERSION_NEVER, 0, R ALL, NULL, TABLE_GIVERS,
     GIVERS RIGA ",Riga,,2027-06-01\n", 0, NULL},
    {"a version that ends within a month", WARNING_VERSION_ENDING, 1,
     "relief R giver " RIGA " from 2026-01-01 until 2026-12-23\n" ALL,
     "a.rules:1: R ends on 2026-12-23", 0, NULL, 0, NULL},
    {"a version that ends after a month", WARNING_VERSION_ENDING, 0,
     "relief R giver " RIGA " from 2026-01-01 until 2026-12-24\n" ALL, NULL, 0, NULL, 0, NULL},
    {"a version that ended before today", WARNING_VERSION_ENDING, 0,
     "relief R giver " RIGA " from 2026-01-01 until 2026-11-23\n" ALL, NULL, 0, NULL, 0, NULL},
    {"a version with a successor", WARNING_VERSION_ENDING, 0,
     R ALL "relief R giver " RIGA " from 2026-12-01\n" ALL, NULL, 0, NULL, 0, NULL},
    {"a version whose successor is a draft", WARNING_VERSION_ENDING, 1,
     R ALL "relief R giver " RIGA " from 2026-12-01\nstate draft\n" ALL, NULL, 0, NULL, 0, NULL},

    /* limits */
    {"more in a day than in a month", WARNING_LIMIT_UNREACHED, 1,
     R ALL "limit 60 uses per month\nlimit 61 uses per day\n",
     "a.rules:4: limit 61 uses per day of R", 0, NULL, 0, NULL},
    {"less in a day than in a month", WARNING_LIMIT_UNREACHED, 0,
     R ALL "limit 60 uses per month\nlimit 2 uses per day\n", NULL, 0, NULL, 0, NULL},
    {"a week touches two months", WARNING_LIMIT_UNREACHED, 0,
     R ALL "limit 60 uses per month\nlimit 119 uses per week\n", NULL, 0, NULL, 0, NULL},
    {"a week touches no third month", WARNING_LIMIT_UNREACHED, 1,
     R ALL "limit 60 uses per month\nlimit 120 uses per week\n", NULL, 0, NULL, 0, NULL},
    {"of other things", WARNING_LIMIT_UNREACHED, 0,
     R ALL "limit 60 uses per month\nlimit 120.00 EUR per day\n", NULL, 0, NULL, 0, NULL},
    {"more than a budget", WARNING_LIMIT_UNREACHED, 1,
     R ALL "limit 120.00 EUR per year\nbudget 100.00 EUR per year warn 80%\n", NULL, 0, NULL, 0,
     NULL},
    {"more than fit between spaced uses", WARNING_LIMIT_UNREACHED, 1,
     R ALL "limit every 12 hours\nlimit 4 uses per day\n", NULL, 0, NULL, 0, NULL},
    {"as many as fit between spaced uses", WARNING_LIMIT_UNREACHED, 0,
     R ALL "limit every 12 hours\nlimit 3 uses per day\n", NULL, 0, NULL, 0, NULL},
    {"one that several reliefs share", WARNING_LIMIT_UNREACHED, 0,
     R ALL "limit 60 uses per month\nlimit 61 uses per day shared 1\n", NULL, 0, NULL, 0, NULL},
    {"two that refuse at once", WARNING_LIMIT_UNREACHED, 1,
     R ALL "limit 60 uses per month\nlimit 60 uses per month shared 1\n", NULL, 0, NULL, 0, NULL},
    {"a budget that warns of nothing", WARNING_BUDGET_SILENT, 1,
     R ALL "budget 100.00 EUR per year\n", "a.rules:3: budget 100.00 EUR", 0, NULL, 0, NULL},
    {"a budget that warns too late", WARNING_BUDGET_SILENT, 1,
     R ALL "budget 100.00 EUR per year warn 100%\n", NULL, 0, NULL, 0, NULL},
    {"a budget that warns", WARNING_BUDGET_SILENT, 0, R ALL "budget 100.00 EUR per year warn 99%\n",
     NULL, 0, NULL, 0, NULL},

    /* names */
    {"groups that differ in capital letters", WARNING_NAMES_ALIKE, 1,
     "group Old = age >= 75\ngroup old = age >= 65\n" R
     "clause Old product ticket free\nclause old product ticket discount 50%\n",
     "a.rules:2: group old and Old", 0, NULL, 0, NULL},
    {"places that differ in capital letters", WARNING_NAMES_ALIKE, 1,
     "place RIGA = 0001\nplace Riga = 0001000\n" R ALL, "a.rules:2: place Riga and RIGA", 0, NULL,
     0, NULL},
    {"products that differ in capital letters", WARNING_NAMES_ALIKE, 1, R ALL,
     "products.csv:2: product ticket and Ticket", TABLE_PRODUCTS,
     PRODUCTS "1001,ticket,,,,\n1002,Ticket,,,,\n", 0, NULL},
    {"a group and a place", WARNING_NAMES_ALIKE, 0,
     "place RIGA = 0001\ngroup riga = age >= 75\n" R ALL, NULL, 0, NULL, 0, NULL},
};

static struct vocabulary vocabulary;
static struct catalogue catalogue;
static struct compiled compiled;
static struct lint lint;
static struct lint_input input;
static char folder[256];

static void write_catalogue(const struct row *row)
{
    char path[512];
    snprintf(folder, sizeof(folder), "%s/c", support_directory());
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    snprintf(path, sizeof(path), "%s/a.rules", folder);
    support_write_file(path, row->rules, strlen(row->rules), 0600);
    for (enum trade_table t = 0; t < TABLE_COUNT; t++) {
        const char *text = usual_tables[t];
        if (row->other != NULL && row->table == t)
            text = row->other;
        if (row->second_other != NULL && row->second_table == t)
            text = row->second_other;
        snprintf(path, sizeof(path), "%s/%s", folder, trade_file_name(t));
        if (text != NULL)
            support_write_file(path, text, strlen(text), 0600);
    }
}

static void check_row(const struct row *row)
{
    struct fault fault;
    write_catalogue(row);
    latvia_vocabulary(&vocabulary);
    input = (struct lint_input){.catalogue = &catalogue,
                                .compiled = &compiled,
                                .path = folder,
                                .window = {TODAY - 31, TODAY + 62},
                                .as_of_day = TODAY,
                                .is_quiet = true};
    if (!catalogue_read(&catalogue, folder, &vocabulary, &fault) ||
        !compile_catalogue(&compiled, &catalogue, input.window, TODAY, false, &fault))
        ck_abort_msg("%s: %s", row->name, fault.text);
    lint_check(&lint, &input);
}

static void release(void)
{
    lint_free(&lint);
    compiled_free(&compiled);
    catalogue_free(&catalogue);
}

START_TEST(what_is_most_likely_not_meant_is_told_and_nothing_else)
{
    const struct row *row = &rows[_i];
    check_row(row);
    size_t count = row->warning == WARNING_COUNT ? lint.count : lint.counts[row->warning];
    const struct lint_finding *first = NULL;
    for (size_t i = 0; i < lint.count && first == NULL; i++)
        if (lint.list[i].warning == row->warning)
            first = &lint.list[i];
    ck_assert_msg(count == row->count, "%s: %zu of them: %s", row->name, count,
                  lint.count > 0 ? lint.list[0].text : "");
    if (row->where != NULL) {
        char text[1024];
        ck_assert_ptr_nonnull(first);
        snprintf(text, sizeof(text), "%s: %s", first->where, first->text);
        ck_assert_msg(strncmp(text + strlen(folder) + 1, row->where, strlen(row->where)) == 0,
                      "%s: %s", row->name, text);
    }
    release();
}
END_TEST

START_TEST(every_warning_has_a_name_a_reason_and_advice)
{
    for (int i = 0; i < WARNING_COUNT; i++) {
        ck_assert_uint_gt(strlen(warning_name((enum warning)i)), 3);
        ck_assert_uint_gt(strlen(warning_why((enum warning)i)), 10);
        ck_assert_uint_gt(strlen(warning_advice((enum warning)i)), 8);
        bool is_provoked = false, is_not = false;
        for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
            is_provoked = is_provoked || (rows[r].warning == (enum warning)i && rows[r].count > 0);
            is_not = is_not || (rows[r].warning == (enum warning)i && rows[r].count == 0);
        }
        ck_assert_msg(is_provoked && is_not, "%s", warning_name((enum warning)i));
    }
}
END_TEST

static const struct row printed = {"for printing",
                                   WARNING_COUNT,
                                   0,
                                   "group a = age >= 1\ngroup b = age >= 2\n" R ALL
                                   "budget 5.00 EUR per day\n",
                                   NULL,
                                   0,
                                   NULL,
                                   0,
                                   NULL};

static void read_printed(char text[static 8192],
                         void (*print)(const struct lint *lint, const struct lint_input *in,
                                       FILE *to))
{
    FILE *to = fmemopen(text, 8192, "w");
    ck_assert_ptr_nonnull(to);
    print(&lint, &input, to);
    fclose(to);
}

START_TEST(reason_and_advice_stand_once_below_those_of_one_kind)
{
    char text[8192] = "";
    check_row(&printed);
    read_printed(text, lint_print);
    const char *a =
        strstr(text, "a.rules:1: no clause and no group speaks of a [group-unused]\n  why: ");
    ck_assert_ptr_nonnull(a);
    const char *b = strstr(a, "a.rules:2: no clause and no group speaks of b [group-unused]\n");
    ck_assert_ptr_nonnull(b);
    ck_assert_ptr_null(strstr(b, "makes no difference"));
    ck_assert_ptr_nonnull(strstr(b, "a.rules:5: budget 5.00 EUR per day of R warns nobody"));
    ck_assert_ptr_nonnull(
        strstr(text, "\n3 warnings: 2 groups, 1 reliefs, 1 clauses, 1 contracts, 2 points "
                     "of sale; from 2026-10-23 until 2027-01-24\n"));
    release();
}
END_TEST

START_TEST(json_tells_the_same)
{
    char text[8192] = "";
    check_row(&printed);
    read_printed(text, lint_print_json);
    ck_assert_ptr_nonnull(strstr(text, "\"count\": 3"));
    ck_assert_ptr_nonnull(strstr(text, "\"warning\": \"budget-silent\""));
    ck_assert_ptr_nonnull(strstr(text, "/a.rules\",\n"));
    ck_assert_ptr_nonnull(strstr(text, "\"line\": 5"));
    release();
}
END_TEST

/* Each calendar names the one before it twice: whoever follows every name never comes back. */
START_TEST(calendars_that_name_others_twice_are_compared_at_once)
{
    char rules[8192] = "calendar c0 = 01-01\n";
    for (int i = 1; i < 60; i++) {
        size_t size = strlen(rules);
        snprintf(rules + size, sizeof(rules) - size, "calendar c%d = c%d, c%d\n", i, i - 1, i - 1);
    }
    strcat(rules, R "clause everybody product ticket on c59 free\n"
                    "clause everybody product ticket on c58 discount 50%\n");
    struct row row = {.name = "twice", .rules = rules};
    check_row(&row);
    ck_assert_uint_eq(lint.counts[WARNING_CLAUSE_UNREACHED], 1);
    release();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lint");
    TCase *tcase = tcase_create("lint");
    tcase_add_loop_test(tcase, what_is_most_likely_not_meant_is_told_and_nothing_else, 0,
                        sizeof(rows) / sizeof(rows[0]));
    tcase_add_test(tcase, every_warning_has_a_name_a_reason_and_advice);
    tcase_add_test(tcase, reason_and_advice_stand_once_below_those_of_one_kind);
    tcase_add_test(tcase, json_tells_the_same);
    tcase_add_test(tcase, calendars_that_name_others_twice_are_compared_at_once);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
