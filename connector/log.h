/* log.h - what H5VL_ZARR_LOG asks for: "error|warn|info|debug[:file]", to stderr by default, nothing when unset. */
#ifndef ZVOL_LOG_H
#define ZVOL_LOG_H

typedef enum zvol_log_level {
    ZVOL_LOG_NONE,
    ZVOL_LOG_ERROR,
    ZVOL_LOG_WARN,
    ZVOL_LOG_INFO,
    ZVOL_LOG_DEBUG
} zvol_log_level;

zvol_log_level zvol_log_enabled(void);
/* What is wrong with the setting; NULL if nothing is. */
const char *zvol_log_fault(void);
void zvol_log(zvol_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* For the one case in which no caller is left to take an error: data lost at exit. Goes to stderr always. */
void zvol_last_resort(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
