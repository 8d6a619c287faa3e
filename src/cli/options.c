/* options.c - options and operands in any order, "--" ends the options. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const option_spec global_specs[] = {
    {"--json", 0, 0},     {"--quiet", 'q', 0},     {"--requests", 0, 1},
    {"--progress", 0, 0}, {"--no-progress", 0, 0}, {NULL, 0, 0},
};

bool parse_number(unsigned *out_number, const char *text)
{
    char *end = NULL;
    unsigned long v = 0;

    errno = 0;
    if (text != NULL)
        v = strtoul(text, &end, 10);
    if (end == NULL || *text < '0' || *text > '9' || *end != '\0' || errno != 0 || v > 1024) {
        complain("'%s' is not a number from 0 to 1024", text == NULL ? "" : text);
        return false;
    }
    *out_number = (unsigned)v;
    return true;
}

/* false: a mistake. */
static bool take_global(globals *g, int which, const char *argument)
{
    switch (which) {
    case 0:
        g->json = true;
        break;
    case 1:
        g->quiet = true;
        break;
    case 2:
        return parse_number(&g->requests, argument);
    default:
        g->progress = which == 3;
    }
    return true;
}

/* Does the word name this option? *value: what stands behind '='. */
static bool matches(const option_spec *s, const char *word, const char **value)
{
    const size_t n = strlen(s->name);

    *value = NULL;
    if (s->letter != 0 && word[0] == '-' && word[1] == s->letter && word[2] == '\0')
        return true;
    if (strncmp(word, s->name, n) != 0 || (word[n] != '\0' && word[n] != '='))
        return false;
    if (word[n] == '=')
        *value = word + n + 1;
    return true;
}

static int find_option(const option_spec *specs, const char *word, const char **value)
{
    for (int i = 0; specs[i].name != NULL; i++)
        if (matches(&specs[i], word, value))
            return i;
    return -1;
}

static void take_word(int *argc, char **argv, int at)
{
    memmove(argv + at, argv + at + 1, (size_t)(*argc - at - 1) * sizeof(*argv));
    (*argc)--;
}

/* The argument of the option at `at`, which is taken out together with it. false: a mistake. */
static bool take_argument(const option_spec *s, int *argc, char **argv, int at, const char **value)
{
    take_word(argc, argv, at);
    if (s->argument == 0 && *value != NULL) {
        complain("%s takes no argument", s->name);
        return false;
    }
    if (s->argument != 1 || *value != NULL)
        return true;
    if (at >= *argc) {
        complain("%s needs an argument", s->name);
        return false;
    }
    *value = argv[at];
    take_word(argc, argv, at);
    return true;
}

/* "-lR" is "-l -R": the first letter's option, the word being left with the others. -1: none of these letters. */
static int find_letter(const option_spec *specs, char *word)
{
    for (int i = 0; specs[i].name != NULL; i++)
        if (specs[i].letter != 0 && specs[i].letter == word[1] && specs[i].argument == 0) {
            memmove(word + 1, word + 2, strlen(word + 2) + 1);
            return i;
        }
    return -1;
}

static bool is_letters(const char *word)
{
    return word[0] == '-' && word[1] != '-' && word[1] != '\0' && word[2] != '\0';
}

int next_option(globals *g, int *argc, char **argv, const option_spec *specs, const char **argument)
{
    int at = 0;

    while (at < *argc) {
        const char *word = argv[at];
        int own, global = -1;

        if (strcmp(word, "--") == 0) {
            take_word(argc, argv, at);
            return -1;
        }
        if (word[0] != '-' || word[1] == '\0') {
            at++;
            continue;
        }
        if (is_letters(word)) {
            own = find_letter(specs, argv[at]);
            if (own >= 0)
                return own;
        }
        own = find_option(specs, word, argument);
        if (own < 0)
            global = find_option(global_specs, word, argument);
        if (own < 0 && global < 0) {
            complain("'%s' is no option here", word);
            return -2;
        }
        if (!take_argument(own >= 0 ? &specs[own] : &global_specs[global], argc, argv, at, argument))
            return -2;
        if (own >= 0)
            return own;
        if (!take_global(g, global, *argument))
            return -2;
    }
    return -1;
}

bool check_operands(const char *name, int argc, int min, int max)
{
    if (argc >= min && argc <= max)
        return true;
    complain("%s: %s; see zh help %s", name, argc < min ? "a STORE is missing" : "too many operands", name);
    return false;
}
