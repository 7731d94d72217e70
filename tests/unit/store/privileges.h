#ifndef TESTS_UNIT_STORE_PRIVILEGES_H
#define TESTS_UNIT_STORE_PRIVILEGES_H

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"

/*
 * Root may do everything because of two capabilities: without them it is as
 * others are with their own files.
 */
static inline void set_privileges(bool on)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	uint32_t dac = BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH);

	assert_int_equal(syscall(SYS_capget, &head, data), 0);
	data[0].effective = on ? data[0].effective | (data[0].permitted & dac)
			       : data[0].effective & ~dac;
	assert_int_equal(syscall(SYS_capset, &head, data), 0);
}

#endif
