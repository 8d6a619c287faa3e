/*
 * A small simulation that stores its results with HDF5, as simulations do.
 *
 *     simulation OUTPUT STEPS
 *
 * Heat spreads over a plate that a stirrer turns.  Each step becomes a group with its fields; the energy is logged
 * to series that grow by one element a step; axes, materials and settings are written once.  At the end the file is
 * opened again and some of it is read and summed up, so that two runs can be compared by what they print.
 */
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 96, COLUMNS = 128, CHUNK_ROWS = 32, CHUNK_COLUMNS = 48, PHASES = 3, NAME_SIZE = 12 };

static const double CELL = 0.01;        /* m */
static const double TIME_STEP = 0.0125; /* s */
static const double DIFFUSIVITY = 1.2e-3;

typedef struct {
    double temperature[ROWS][COLUMNS];
    float velocity[ROWS][COLUMNS][2];
    int phase[ROWS][COLUMNS];
    unsigned char stirred[ROWS][COLUMNS];
} plate;

/* ---- errors: HDF5 prints its own account, we say what we were at ---- */

static void must(herr_t status, const char *what)
{
    if (status < 0) {
        fprintf(stderr, "simulation: failed: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static hid_t need(hid_t id, const char *what)
{
    must(id < 0 ? -1 : 0, what);
    return id;
}

/* ---- physics ---- */

static void plate_init(plate *p)
{
    memset(p, 0, sizeof(*p));
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < COLUMNS; j++) {
            double y = (i - ROWS / 2) * CELL;
            double x = (j - COLUMNS / 3) * CELL;
            double r2 = x * x + y * y;

            p->temperature[i][j] = 290.0 + 80.0 * exp(-r2 / 0.02);
            p->stirred[i][j] = r2 < 0.09;
            p->velocity[i][j][0] = p->stirred[i][j] ? (float)(-y / 0.3) : NAN;
            p->velocity[i][j][1] = p->stirred[i][j] ? (float)(x / 0.3) : NAN;
        }
    }
}

static double plate_slope(const plate *p, int i, int j)
{
    double dx = (p->temperature[i][j + 1] - p->temperature[i][j - 1]) / (2 * CELL);
    double dy = (p->temperature[i + 1][j] - p->temperature[i - 1][j]) / (2 * CELL);

    return p->stirred[i][j] ? p->velocity[i][j][0] * dx + p->velocity[i][j][1] * dy : 0.0;
}

static void plate_advance(plate *p)
{
    static double next[ROWS][COLUMNS];

    memcpy(next, p->temperature, sizeof(next));
    for (int i = 1; i < ROWS - 1; i++) {
        for (int j = 1; j < COLUMNS - 1; j++) {
            double around = p->temperature[i - 1][j] + p->temperature[i + 1][j] + p->temperature[i][j - 1] +
                            p->temperature[i][j + 1] - 4 * p->temperature[i][j];

            next[i][j] += TIME_STEP * (DIFFUSIVITY * around / (CELL * CELL) - 0.1 * plate_slope(p, i, j));
            p->phase[i][j] = next[i][j] > 340.0 ? 2 : next[i][j] > 300.0 ? 1 : 0;
        }
    }
    memcpy(p->temperature, next, sizeof(next));
}

static double plate_energy(const plate *p)
{
    double sum = 0;

    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++)
            sum += p->temperature[i][j];
    return sum * CELL * CELL;
}

/* ---- attributes ---- */

static void attribute(hid_t object, const char *name, hid_t type, hid_t memory_type, int rank, const hsize_t *dims,
                      const void *value)
{
    hid_t space = need(rank > 0 ? H5Screate_simple(rank, dims, NULL) : H5Screate(H5S_SCALAR), name);
    hid_t id = need(H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT), name);

    must(H5Awrite(id, memory_type, value), name);
    must(H5Aclose(id), name);
    must(H5Sclose(space), name);
}

static void attribute_int(hid_t object, const char *name, int value)
{
    attribute(object, name, H5T_STD_I32LE, H5T_NATIVE_INT, 0, NULL, &value);
}

static void attribute_double(hid_t object, const char *name, double value)
{
    attribute(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 0, NULL, &value);
}

static hid_t string_type(size_t size, H5T_cset_t charset, H5T_str_t padding)
{
    hid_t type = need(H5Tcopy(H5T_C_S1), "copy the string type");

    must(H5Tset_size(type, size), "size a string type");
    must(H5Tset_cset(type, charset), "set a string type's character set");
    must(H5Tset_strpad(type, padding), "set a string type's padding");
    return type;
}

static void attribute_fixed_string(hid_t object, const char *name, const char *value)
{
    hid_t type = string_type(strlen(value) + 1, H5T_CSET_ASCII, H5T_STR_NULLTERM);

    attribute(object, name, type, type, 0, NULL, value);
    must(H5Tclose(type), name);
}

static void attribute_strings(hid_t object, const char *name, int rank, hsize_t count, const char *const *values)
{
    hid_t type = string_type(H5T_VARIABLE, H5T_CSET_UTF8, H5T_STR_NULLTERM);

    attribute(object, name, type, type, rank, &count, values);
    must(H5Tclose(type), name);
}

static void write_settings(hid_t file)
{
    static const char *const authors[] = {"Ada", "Joseph", "Zoë"};
    static const char *const title[] = {"Heat on a stirred plate, 20 °C outside"};
    static const short version[] = {1, 4, 2};
    static const double corners[2][2] = {{0.0, 0.0}, {0.96, 1.28}};
    static const hsize_t one = 1;
    static const hsize_t three = 3;
    static const hsize_t two_by_two[] = {2, 2};
    const float diffusivity = (float)DIFFUSIVITY;
    const unsigned char restarted = 0;
    const long long seed = -9007199254740993LL;

    attribute_strings(file, "title", 0, 0, title);
    attribute_strings(file, "authors", 1, 3, authors);
    attribute_fixed_string(file, "solver", "explicit Euler");
    attribute(file, "version", H5T_STD_U16LE, H5T_NATIVE_SHORT, 1, &three, version);
    attribute(file, "seed", H5T_STD_I64LE, H5T_NATIVE_LLONG, 0, NULL, &seed);
    attribute(file, "restarted", H5T_STD_U8LE, H5T_NATIVE_UCHAR, 0, NULL, &restarted);
    attribute(file, "diffusivity", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 1, &one, &diffusivity);
    attribute(file, "corners", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, two_by_two, corners);
    attribute_double(file, "time_step", TIME_STEP);
    attribute_double(file, "tolerance", INFINITY);
}

/* ---- datasets that are written once ---- */

static void write_whole(hid_t parent, const char *name, hid_t type, hid_t memory_type, int rank, const hsize_t *dims,
                        const char *units, const void *values)
{
    hid_t space = need(H5Screate_simple(rank, dims, NULL), "make a space");
    hid_t dataset = need(H5Dcreate2(parent, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), name);

    must(H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name);
    if (units != NULL)
        attribute_fixed_string(dataset, "units", units);
    must(H5Dclose(dataset), name);
    must(H5Sclose(space), name);
}

static void write_axes(hid_t file)
{
    double x[COLUMNS];
    double y[ROWS];
    hsize_t columns = COLUMNS;
    hsize_t rows = ROWS;
    hid_t group = need(H5Gcreate2(file, "coordinates", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), "make coordinates");

    for (int j = 0; j < COLUMNS; j++)
        x[j] = (j + 0.5) * CELL;
    for (int i = 0; i < ROWS; i++)
        y[i] = (i + 0.5) * CELL;
    write_whole(group, "x", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1, &columns, "m", x);
    write_whole(group, "y", H5T_IEEE_F64BE, H5T_NATIVE_DOUBLE, 1, &rows, "m", y);
    must(H5Gclose(group), "close coordinates");
}

static void write_materials(hid_t file)
{
    static const char names[PHASES][NAME_SIZE] = {"wax         ", "slurry      ", "melt        "};
    static const char *const notes[PHASES] = {"solid below 300 K", "", "flüssig ≥ 340 K"};
    static const float density[PHASES] = {930.0F, 880.5F, 779.25F};
    const hsize_t count = PHASES;
    hid_t group = need(H5Gcreate2(file, "materials", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), "make materials");
    hid_t padded = string_type(NAME_SIZE, H5T_CSET_ASCII, H5T_STR_SPACEPAD);
    hid_t text = string_type(H5T_VARIABLE, H5T_CSET_UTF8, H5T_STR_NULLTERM);

    write_whole(group, "name", padded, padded, 1, &count, NULL, names);
    write_whole(group, "note", text, text, 1, &count, NULL, notes);
    write_whole(group, "density", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 1, &count, "kg m-3", density);
    must(H5Tclose(text), "close a type");
    must(H5Tclose(padded), "close a type");
    must(H5Gclose(group), "close materials");
}

/* ---- fields: chunked, shuffled, deflated ---- */

static hid_t field_properties(int rank, const hsize_t *chunk)
{
    hid_t properties = need(H5Pcreate(H5P_DATASET_CREATE), "make a property list");

    must(H5Pset_chunk(properties, rank, chunk), "set the chunk");
    must(H5Pset_shuffle(properties), "set the shuffle filter");
    must(H5Pset_deflate(properties, 4), "set the deflate filter");
    return properties;
}

static void write_field(hid_t group, const char *name, hid_t type, hid_t memory_type, int rank, const char *units,
                        const void *values)
{
    const hsize_t dims[] = {ROWS, COLUMNS, 2};
    const hsize_t chunk[] = {CHUNK_ROWS, CHUNK_COLUMNS, 2};
    hid_t properties = field_properties(rank, chunk);
    hid_t space = need(H5Screate_simple(rank, dims, NULL), "make a space");
    hid_t dataset = need(H5Dcreate2(group, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT), name);

    must(H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name);
    attribute_fixed_string(dataset, "units", units);
    must(H5Dclose(dataset), name);
    must(H5Sclose(space), name);
    must(H5Pclose(properties), name);
}

/* The rim has no phase: only the inner cells are written, the others keep the fill value. */
static void write_phase(hid_t group, const plate *p)
{
    const hsize_t dims[] = {ROWS, COLUMNS};
    const hsize_t chunk[] = {CHUNK_ROWS, CHUNK_COLUMNS};
    const hsize_t start[] = {1, 1};
    const hsize_t count[] = {ROWS - 2, COLUMNS - 2};
    const int fill = -1;
    hid_t properties = field_properties(2, chunk);
    hid_t space = need(H5Screate_simple(2, dims, NULL), "make a space");
    hid_t dataset;

    must(H5Pset_fill_value(properties, H5T_NATIVE_INT, &fill), "set the fill value");
    dataset = need(H5Dcreate2(group, "phase", H5T_STD_I16BE, space, H5P_DEFAULT, properties, H5P_DEFAULT), "phase");
    must(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL), "select the inner cells");
    must(H5Dwrite(dataset, H5T_NATIVE_INT, space, space, H5P_DEFAULT, p->phase), "write phase");
    must(H5Dclose(dataset), "close phase");
    must(H5Sclose(space), "close a space");
    must(H5Pclose(properties), "close a property list");
}

static void write_step(hid_t file, int step, const plate *p)
{
    char name[32];
    hid_t group;

    snprintf(name, sizeof(name), "step_%04d", step);
    group = need(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), name);
    attribute_int(group, "step", step);
    attribute_double(group, "time", step * TIME_STEP);
    write_field(group, "temperature", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, "K", p->temperature);
    write_field(group, "velocity", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 3, "m s-1", p->velocity);
    write_field(group, "stirred", H5T_STD_U8LE, H5T_NATIVE_UCHAR, 2, "1", p->stirred);
    write_phase(group, p);
    must(H5Gclose(group), name);
}

/* ---- series: one element more a step ---- */

typedef struct {
    hid_t dataset;
    hsize_t length;
} series;

static series series_create(hid_t parent, const char *name, hid_t type, const char *units)
{
    const hsize_t none = 0;
    const hsize_t unlimited = H5S_UNLIMITED;
    const hsize_t chunk = 16;
    hid_t properties = field_properties(1, &chunk);
    hid_t space = need(H5Screate_simple(1, &none, &unlimited), "make a space");
    series s = {need(H5Dcreate2(parent, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT), name), 0};

    attribute_fixed_string(s.dataset, "units", units);
    must(H5Sclose(space), name);
    must(H5Pclose(properties), name);
    return s;
}

static void series_append(series *s, hid_t memory_type, const void *value)
{
    const hsize_t one = 1;
    const hsize_t length = s->length + 1;
    hid_t memory = need(H5Screate_simple(1, &one, NULL), "make a space");
    hid_t space;

    must(H5Dset_extent(s->dataset, &length), "extend a series");
    space = need(H5Dget_space(s->dataset), "get a series' space");
    must(H5Sselect_hyperslab(space, H5S_SELECT_SET, &s->length, NULL, &one, NULL), "select a series' end");
    must(H5Dwrite(s->dataset, memory_type, memory, space, H5P_DEFAULT, value), "append to a series");
    must(H5Sclose(space), "close a space");
    must(H5Sclose(memory), "close a space");
    s->length = length;
}

/* ---- the run, and a look at what it left ---- */

static void simulate(const char *path, int steps)
{
    static plate p;
    hid_t file = need(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), "create the file");
    hid_t group = need(H5Gcreate2(file, "series", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), "make series");
    series time = series_create(group, "time", H5T_IEEE_F64LE, "s");
    series energy = series_create(group, "energy", H5T_IEEE_F32LE, "J");

    write_settings(file);
    write_axes(file);
    write_materials(file);
    plate_init(&p);
    for (int step = 0; step < steps; step++) {
        const double now = step * TIME_STEP;
        const double sum = plate_energy(&p);

        write_step(file, step, &p);
        series_append(&time, H5T_NATIVE_DOUBLE, &now);
        series_append(&energy, H5T_NATIVE_DOUBLE, &sum);
        if (step % 10 == 9)
            must(H5Fflush(file, H5F_SCOPE_GLOBAL), "flush the file");
        plate_advance(&p);
    }
    must(H5Dclose(time.dataset), "close a series");
    must(H5Dclose(energy.dataset), "close a series");
    must(H5Gclose(group), "close series");
    must(H5Fclose(file), "close the file");
}

static double sum_of(hid_t file, const char *name, const hsize_t *start, const hsize_t *count)
{
    double values[COLUMNS];
    double sum = 0;
    hid_t dataset = need(H5Dopen2(file, name, H5P_DEFAULT), name);
    hid_t space = need(H5Dget_space(dataset), name);
    hid_t memory;
    hssize_t selected;
    hsize_t length;

    if (start != NULL)
        must(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL), name);
    selected = H5Sget_select_npoints(space);
    must(selected < 0 || selected > COLUMNS ? -1 : 0, "read a selection of that size");
    length = (hsize_t)selected;
    memory = need(H5Screate_simple(1, &length, NULL), name);
    must(H5Dread(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values), name);
    for (hsize_t i = 0; i < length; i++)
        sum += values[i];
    must(H5Sclose(memory), name);
    must(H5Sclose(space), name);
    must(H5Dclose(dataset), name);
    return sum;
}

static void summarise(const char *path, int steps)
{
    const hsize_t start[] = {ROWS / 2, 20};
    const hsize_t count[] = {1, 100};
    char name[64];
    hid_t file = need(H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), "open the file again");

    snprintf(name, sizeof(name), "step_%04d/temperature", steps - 1);
    printf("steps %d, times %.6f, energies %.6f", steps, sum_of(file, "series/time", NULL, NULL),
           sum_of(file, "series/energy", NULL, NULL));
    printf(", middle row at the end %.9f\n", sum_of(file, name, start, count));
    must(H5Fclose(file), "close the file again");
}

int main(int argc, char **argv)
{
    int steps = argc == 3 ? atoi(argv[2]) : 0;

    if (steps < 1 || steps > COLUMNS) {
        fprintf(stderr, "usage: %s OUTPUT STEPS (1 to %d)\n", argv[0], COLUMNS);
        return EXIT_FAILURE;
    }
    simulate(argv[1], steps);
    summarise(argv[1], steps);
    return EXIT_SUCCESS;
}
