#ifndef DAEMON_COMMANDS_H
#define DAEMON_COMMANDS_H

#include "daemon/control.h"

/*
 * What may be asked of the daemon: questions to the state
 * (daemon/questions.h) and the commands of this table.  A new one is a row
 * in commands.c; its functions are in a file of their own.
 *
 * NULL with ERR_USAGE, which says what was probably meant.
 */
const struct control_command *command_find(const char *name, struct err *e);

/*
 * Are the members of the request known to it, and of the right types?  What is
 * not may have been meant to narrow it: ERR_USAGE.
 */
int command_check(
	const struct control_command *c, const json_t *what, struct err *e);

/* orders.c */
void order_status(struct control_request *r);
void order_resync(struct control_request *r);
void order_verify(struct control_request *r);
void order_adopt(struct control_request *r);
void order_reload(struct control_request *r);
void order_cancel(struct control_request *r);
void order_pause(struct control_request *r);
void order_resume(struct control_request *r);
void order_hello(struct control_request *r);
int work_unpaused(struct control_request *r, struct err *e);
int work_resync(struct control_request *r, struct err *e);
int work_pause(struct control_request *r, struct err *e);
int work_resume(struct control_request *r, struct err *e);
void order_release(struct control_request *r);
void order_withdraw(struct control_request *r);
void order_publish(struct control_request *r);
void order_accept_server(struct control_request *r);

/* diff.c */
void order_diff(struct control_request *r);

/* show.c */
void order_show(struct control_request *r);

/* relay.c */
void order_get(struct control_request *r);
void order_work_package(struct control_request *r);

#endif
