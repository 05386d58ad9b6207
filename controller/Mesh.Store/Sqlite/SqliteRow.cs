using SQLitePCL;

namespace Mesh.Store.Sqlite;

/// <summary>The current row of a statement; not to be kept.</summary>
internal readonly struct SqliteRow(sqlite3_stmt statement)
{
    public long Integer(int column) => raw.sqlite3_column_int64(statement, column);

    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    public string? OptionalText(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL ? null : Text(column);

    public byte[] Bytes(int column) => raw.sqlite3_column_blob(statement, column).ToArray();
}
