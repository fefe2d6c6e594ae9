"""The independent judge of the vault: ocfl-py, on the storage root and every object in it.

ocfl-py 2.1.0 knows no handler for layout 0004; `Layout0004` adds it from the text of the
extension, on the base of ocfl-py's own 0003, so that the judge also computes where an object lies.
"""

from pathlib import Path

from ocfl.digest import string_digest
from ocfl.layout import LayoutException
from ocfl.layout_0003_hash_and_id_n_tuple import Layout_0003_Hash_And_Id_N_Tuple
from ocfl.layout_registry import add_layout
from ocfl.storage_root import StorageRoot


class Layout0004(Layout_0003_Hash_And_Id_N_Tuple):
    """https://ocfl.github.io/extensions/0004-hashed-n-tuple-storage-layout.html"""

    def __init__(self):
        super().__init__()
        self.NAME = "0004-hashed-n-tuple-storage-layout"
        self.PARAMS["shortObjectRoot"] = self.check_short_object_root
        self.short_object_root = False

    def check_short_object_root(self, value):
        if not isinstance(value, bool):
            raise LayoutException("shortObjectRoot must be a boolean")
        self.short_object_root = value

    def identifier_to_path(self, identifier):
        digest = string_digest(identifier, self.digest_algorithm).lower()
        size, count = self.tuple_size, self.number_of_tuples
        tuples = [digest[i * size : (i + 1) * size] for i in range(count)]
        last = digest[size * count :] if self.short_object_root else digest
        return "/".join([*tuples, last])


add_layout("0004-hashed-n-tuple-storage-layout", Layout0004)


def judge(root: Path) -> list[str]:
    """What ocfl-py finds wrong with a storage root, its objects and where they lie."""
    store = StorageRoot(root=str(root))
    valid = store.validate(log_warnings=False, max_errors=1000)
    complaints = [f"{path}: {message}" for path, message in store.errors]
    if not valid or store.good_objects != store.num_objects:
        complaints.append(f"{store.good_objects} of {store.num_objects} good; {store.log}")
    for path, identifier in store.list_objects():
        if store.object_path(identifier) != path:
            complaints.append(f"{identifier} lies at {path}")
    return complaints
