#include "loader/registration.h"

bool registration_is_good(uint64_t number)
{
    static const uint32_t weights[REGISTRATION_DIGIT_COUNT] = {9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1};
    uint32_t sum = 0;
    for (size_t i = REGISTRATION_DIGIT_COUNT; i-- > 0; number /= 10)
        sum += weights[i] * (uint32_t)(number % 10);
    return number == 0 && sum % 11 == 3;
}
