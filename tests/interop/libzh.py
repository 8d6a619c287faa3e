"""The zh library through ctypes, as far as the comparisons need it."""
import ctypes as c
import json


class Error(c.Structure):
    _fields_ = [("code", c.c_int), ("sys_errno", c.c_int), ("message", c.c_char * 500)]


class Problem(c.Structure):
    _fields_ = [("code", c.c_int), ("key", c.c_char_p), ("path", c.c_char_p), ("other", c.c_char_p),
                ("existing", c.c_int), ("message", c.c_char_p)]


CREATED = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_char_p, c.c_int, c.c_void_p)
PROBLEM = c.CFUNCTYPE(None, c.c_void_p, c.POINTER(Problem))


class PlanOptions(c.Structure):
    _fields_ = [("version", c.c_uint), ("backslash_is_slash", c.c_bool), ("unchecked", c.c_bool), ("problem", PROBLEM),
                ("payload", c.c_void_p), ("max_problems", c.c_size_t)]


class CreateOptions(c.Structure):
    _fields_ = [("version", c.c_uint), ("overwrite", c.c_bool), ("purge", c.c_bool), ("ordered", c.c_bool),
                ("durable", c.c_bool), ("always_zattrs", c.c_bool), ("consolidated", c.c_int), ("reach", c.c_int),
                ("unflushed", c.c_bool), ("requests", c.c_uint), ("bytes", c.c_size_t),
                ("created", CREATED), ("problem", PROBLEM), ("payload", c.c_void_p), ("max_problems", c.c_size_t),
                ("stats", c.c_void_p)]


class ZhError(Exception):
    def __init__(self, name, message, names):
        super().__init__(f"{name}: {message}")
        self.name, self.names = name, names


class Library:
    def __init__(self, path):
        self.lib = c.CDLL(path)
        self.lib.zh_code_name.restype = c.c_char_p

    def name(self, code):
        return self.lib.zh_code_name(code).decode()

    def _call(self, function, *args):
        err = Error()
        code = getattr(self.lib, function)(*args, c.byref(err))
        if code < 0:
            name = self.name(code)
            raise ZhError(name, err.message.decode(errors="replace"), {name} | self.problems)

    def create(self, path, nodes, how="hierarchy", group="", **options):
        """nodes: {key: metadata as a dict}. Returns the set of (path, kind) that were reported."""
        self.problems = set()
        made = []
        created = CREATED(lambda payload, p, kind, handle: made.append((p.decode(), "array" if kind else "group")) or 0)
        problem = PROBLEM(lambda payload, p: self.problems.add(self.name(p.contents.code)))
        opts = CreateOptions(version=1, created=created, problem=problem, **options)
        plan_opts = PlanOptions(version=1, unchecked=how == "nodes", problem=problem)
        store, plan, root = c.c_void_p(), c.c_void_p(), c.c_void_p()
        self._call("zh_store_dir_open", c.byref(store), path.encode(), 1)
        try:
            self._call("zh_plan_new", c.byref(plan))
            for key, metadata in nodes.items():
                k, text = key.encode(), json.dumps(metadata).encode()
                self._call("zh_plan_add_json", plan, k, c.c_size_t(len(k)), text, c.c_size_t(len(text)))
            self._call("zh_plan_finish", plan, c.byref(plan_opts))
            if how == "hierarchy":
                self._call("zh_create_hierarchy", store, plan, c.byref(opts))
            elif how == "nodes":
                self._call("zh_create_nodes", store, plan, c.byref(opts))
            elif how == "rooted":
                self._call("zh_create_rooted", c.byref(root), store, plan, c.byref(opts))
            elif how == "under":
                self._call("zh_create_under", store, group.encode(), plan, c.byref(opts))
        finally:
            self.lib.zh_handle_close(root)
            self.lib.zh_plan_free(plan)
            self.lib.zh_store_close(store)
        return set(made)
