#!/usr/bin/env python3
"""A small simulation that stores its results with h5py, as simulations do.

    simulation.py OUTPUT STEPS

Waves travel on a membrane.  Each step becomes a group with its fields; the energy is logged to a series that grows;
settings are attributes.  At the end the file is opened again, changed a little and summed up, so that two runs can be
compared by what they print.
"""

import argparse

import h5py
import numpy as np

ROWS, COLUMNS = 60, 90
SPEED, CELL, TIME_STEP = 1.5, 0.1, 0.02


class Membrane:
    def __init__(self):
        y, x = np.mgrid[0:ROWS, 0:COLUMNS] * CELL
        self.x, self.y = x[0], y[:, 0]
        self.height = np.exp(-((x - 3) ** 2 + (y - 3) ** 2) / 0.2)
        self.before = self.height.copy()
        self.reef = (x - 6) ** 2 + (y - 3) ** 2 < 0.5

    def advance(self):
        h = self.height
        bend = np.zeros_like(h)
        bend[1:-1, 1:-1] = h[:-2, 1:-1] + h[2:, 1:-1] + h[1:-1, :-2] + h[1:-1, 2:] - 4 * h[1:-1, 1:-1]
        after = 2 * h - self.before + (SPEED * TIME_STEP / CELL) ** 2 * bend
        after[self.reef] = 0
        self.before, self.height = h, after

    def energy(self):
        return float(np.sum((self.height - self.before) ** 2) + np.sum(np.diff(self.height, axis=0) ** 2))


def write_settings(file, membrane):
    file.attrs["title"] = "Waves on a membrane, Δt = 20 ms"
    file.attrs["speed"] = SPEED
    file.attrs["grid"] = np.array([ROWS, COLUMNS], dtype="u2")
    file.attrs["cell"] = np.float32(CELL)
    file.attrs["periodic"] = False
    file.attrs["axes"] = ["y", "x"]
    file.attrs["machine"] = np.bytes_("node-17")
    file.attrs["limits"] = np.array([-np.inf, np.nan, np.inf])
    file.attrs["rotation"] = np.array([[0.0, -1.0], [1.0, 0.0]])
    axes = file.create_group("axes")
    axes["x"] = membrane.x
    axes["y"] = membrane.y.astype(">f4")
    for axis in axes.values():
        axis.attrs["units"] = "m"


def write_mask_and_gauges(file, membrane):
    mask = file.create_dataset("geometry/reef", data=membrane.reef, chunks=(20, 30), compression="gzip")
    mask.attrs["used"] = True
    gauges = file.create_dataset("geometry/gauges/name", (3,), dtype=h5py.string_dtype())
    gauges[:2] = ["harbour", "Øst"]
    file["geometry/gauges/code"] = np.array([b"HB", b"OST", b"X"], dtype="S4")
    cell = file["geometry/gauges"].create_dataset("cell", (3, 2), dtype="i8", fillvalue=-1)
    cell[0] = [30, 30]
    cell[1:, 0] = [10, 50]


def write_step(file, number, membrane):
    group = file.create_group(f"steps/{number:04d}")
    group.attrs["time"] = number * TIME_STEP
    height = group.create_dataset(
        "height", (ROWS, COLUMNS), dtype="f8", chunks=(25, 40), compression="gzip", compression_opts=6, shuffle=True
    )
    height[: ROWS // 2] = membrane.height[: ROWS // 2]  # as two nodes would, half each
    height[ROWS // 2 :, ::2] = membrane.height[ROWS // 2 :, ::2]
    height[ROWS // 2 :, 1::2] = membrane.height[ROWS // 2 :, 1::2]
    millimetres = np.round(membrane.height * 1000).astype("i2")
    group.create_dataset("height_mm", data=millimetres, chunks=True, compression="gzip", shuffle=True)
    group.create_dataset("spectrum", data=np.fft.rfft2(membrane.height)[:8, :8])
    group.create_dataset("energy", data=np.float32(membrane.energy()))


def simulate(path, steps):
    membrane = Membrane()
    with h5py.File(path, "w") as file:
        write_settings(file, membrane)
        write_mask_and_gauges(file, membrane)
        energy = file.create_dataset("energy", (0, 2), maxshape=(None, 2), dtype="f8", chunks=(16, 2))
        for number in range(steps):
            write_step(file, number, membrane)
            energy.resize(number + 1, axis=0)
            energy[number] = number * TIME_STEP, membrane.energy()
            membrane.advance()


def summarise(path, steps):
    with h5py.File(path, "r+") as file:
        file.attrs["finished"] = np.bool_(True)
        file["energy"].attrs["steps"] = steps
        del file.attrs["machine"]
    with h5py.File(path, "r") as file:
        last = file["steps"][f"{steps - 1:04d}"]
        print(f"steps {len(file['steps'])}, energy {np.sum(file['energy'][:, 1]):.9f}", end=", ")
        print(f"highest {np.max(last['height'][5:40, 10:]):.9f}, attributes {sorted(file.attrs)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output")
    parser.add_argument("steps", type=int)
    arguments = parser.parse_args()
    simulate(arguments.output, arguments.steps)
    summarise(arguments.output, arguments.steps)


if __name__ == "__main__":
    main()
