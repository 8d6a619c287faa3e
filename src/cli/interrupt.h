/* interrupt.h - SIGINT, SIGTERM and SIGHUP while something is made that has to be undone. */
#ifndef ZH_CLI_INTERRUPT_H
#define ZH_CLI_INTERRUPT_H

#include <stdbool.h>

/* From now on the first of these signals is remembered, and the second one ends the program. Those that are ignored
 * stay so. */
void cli_interrupt_watch(void);
bool cli_interrupted(void);
/* If there was one, the program ends by it. */
void cli_interrupt_obey(void);

#endif
