#include "sim/process/hosted_int.h"
__attribute__((weak)) const struct hosted_call hosted_futex_calls[]={{0,NULL}};
__attribute__((weak)) void hosted_futex_exit(struct task *t, struct hosted *h){}
