/* SPDX-License-Identifier: MIT */
/*
 * What a simulated host says it is: uname(2), /proc/version and /proc/sys/kernel agree.
 */
#ifndef STACK_UTSNAME_H
#define STACK_UTSNAME_H

#define UTS_SYSNAME "Linux"
#define UTS_RELEASE "6.18.0"
#define UTS_VERSION "#1 SMP"
#define UTS_DOMAINNAME "(none)"

#endif
