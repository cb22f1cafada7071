"""Files that hold data and that nothing here reads: what they are, and how to get the posts out of them.

Knows first bytes and endings of names. What is not named here would be taken for a csv with odd letters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Foreign:
    """A kind of file that is not read: what it is, and what its owner can do."""

    what: str
    advice: str


_R = Foreign("data of R", "Save it in R: write.csv(posts, 'posts.csv', row.names = FALSE).")
_PICKLE = Foreign(
    "a pickle of Python, which runs code when it is read",
    "If you trust it, save it in pandas: pandas.read_pickle(FILE).to_parquet('posts.parquet').",
)
_HDF = Foreign("a file of HDF5", "Save it in pandas: pandas.read_hdf(FILE).to_parquet('posts.parquet').")
_NUMPY = Foreign("an array of NumPy", "Save the texts with their ids as csv, Parquet or JSON lines.")
_MATLAB = Foreign("data of MATLAB", "Save it in MATLAB: writetable(posts, 'posts.csv').")
_AVRO = Foreign("a file of Avro", "Write it as Parquet, csv or JSON lines with the program that made it.")
_ORC = Foreign("a file of ORC", "Write it as Parquet, csv or JSON lines with the program that made it.")
_WARC = Foreign(
    "a web archive (WARC): pages as they were crawled, not posts",
    "Take the posts out as JSON or csv first, as with warcio or the program that crawled them.",
)
_SAS = Foreign("data of SAS", "Save it in SAS: proc export data=posts outfile='posts.csv' dbms=csv; run;")
_ACCESS = Foreign("a database of Access", "Export the table of the posts as Excel or csv in Access.")
_SQL = Foreign(
    "a dump of a database: commands, not posts",
    "Load it into a database and export the table of the posts as csv, or convert it to SQLite.",
)
_WORD = Foreign(
    "a document of Word or the like", "Save each post as a .txt, or all as rows of a csv or sheet."
)
_ARFF = Foreign("data of Weka (ARFF)", "Save it in Weka as csv, or with scipy.io.arff in Python.")
_YAML = Foreign("a file of YAML", "Save it as JSON or csv, as with yaml.safe_load and json.dump in Python.")
_TOML = Foreign("a file of TOML", "Save it as JSON or csv, as with tomllib and json.dump in Python.")
_WEBANNO = Foreign(
    "an export of WebAnno or INCEpTION, with labels of words",
    "Export plain text there, or the labels as a csv of id and label.",
)
_POINTER = Foreign(
    "a pointer of Git LFS, not the file itself", "Run git lfs pull in its repository, or download the file."
)
_LMDB = Foreign(
    "a database of LMDB", "Write its records as Parquet, csv or JSON lines with the program that made it."
)
_MAIL = Foreign("a mail", "Save each text as a .txt, or all as rows of a csv or sheet.")
_SAVED_PAGE = Foreign("a web page", "Download the data in another form, such as JSON or csv.")
_CALENDAR = Foreign(
    "a file of a calendar or of contacts", "Posts come as csv, JSON, a sheet, or a .txt each."
)
_SUBTITLES = Foreign(
    "a file of subtitles", "To judge what is said, save each passage as a row of a csv with a column text."
)
_RECORDS = Foreign(
    "a file of TFRecord", "Write its examples as Parquet, csv or JSON lines with the program that made it."
)

_MARKS: tuple[tuple[bytes, Foreign], ...] = (
    (b"RDX2\n", _R),
    (b"RDX3\n", _R),
    (b"RDA2\n", _R),
    (b"RDA3\n", _R),
    (b"X\n\0\0\0", _R),
    (b"\x80\x02", _PICKLE),
    (b"\x80\x03", _PICKLE),
    (b"\x80\x04", _PICKLE),
    (b"\x80\x05", _PICKLE),
    (b"\x89HDF\r\n\x1a\n", _HDF),
    (b"\x93NUMPY", _NUMPY),
    (b"MATLAB 5.0 MAT-file", _MATLAB),
    (b"Obj\x01", _AVRO),
    (b"WARC/0.", _WARC),
    (b"WARC/1.", _WARC),
    (b"HEADER RECORD*******LIB", _SAS),
    (b"\0\0\0\0\0\0\0\0\0\0\0\0\xc2\xea\x81\x60", _SAS),
    (b"\0\1\0\0Standard ", _ACCESS),
    (b"{\\rtf", _WORD),
    (b"#FORMAT=WebAnno", _WEBANNO),
    (b"From: <Saved by", _SAVED_PAGE),
    (b"BEGIN:VCALENDAR", _CALENDAR),
    (b"BEGIN:VCARD", _CALENDAR),
    (b"WEBVTT", _SUBTITLES),
    (b"version https://git-lfs.github.com/", _POINTER),
)
_NAMES: tuple[tuple[str, Foreign], ...] = (
    (".rds", _R),
    (".rdata", _R),
    (".rda", _R),
    (".orc", _ORC),
    (".tfrecord", _RECORDS),
    (".tfrecords", _RECORDS),
    (".sas7bdat", _SAS),
    (".mht", _SAVED_PAGE),
    (".mhtml", _SAVED_PAGE),
    (".eml", _MAIL),
    (".srt", _SUBTITLES),
    (".arff", _ARFF),
    (".yaml", _YAML),
    (".yml", _YAML),
    (".toml", _TOML),
    (".docx", _WORD),
    (".odt", _WORD),
    (".npz", _NUMPY),
)
_STATEMENT = re.compile(
    rb"(?:--[^\n]*\n|/\*.*?\*/;?|\s|(?:SET|BEGIN|PRAGMA|USE|LOCK)\b[^\n]*;[^\n]*\n)*"
    rb"(?:CREATE (?:TABLE|DATABASE)|INSERT INTO|DROP TABLE|COPY \S+ .*FROM stdin)\b",
    re.DOTALL,
)


def foreign_kind(start: bytes, name: str) -> Foreign | None:
    """Return what a file is that holds data and is not read, by its first plain bytes and its name."""
    for mark, kind in _MARKS:
        if start.startswith(mark):
            return kind
    if start[16:20] == b"\xde\xc0\xef\xbe":
        return _LMDB
    lower = name.lower()
    if found := next((kind for suffix, kind in _NAMES if lower.endswith(suffix)), None):
        return found
    return _SQL if _STATEMENT.match(start[:16_384].removeprefix(b"\xef\xbb\xbf")) else None
