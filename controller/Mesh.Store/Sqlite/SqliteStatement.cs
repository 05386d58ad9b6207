using SQLitePCL;

namespace Mesh.Store.Sqlite;

internal readonly ref struct SqliteStatement
{
    private readonly sqlite3 connection;
    private readonly sqlite3_stmt statement;

    public SqliteStatement(sqlite3 connection, string sql)
    {
        this.connection = connection;
        Check(raw.sqlite3_prepare_v2(connection, sql, out statement));
    }

    public void Run(Action<SqliteRow>? row, ReadOnlySpan<object?> parameters)
    {
        for (var i = 0; i < parameters.Length; i++)
            Check(Bind(i + 1, parameters[i]));

        int result;
        while ((result = raw.sqlite3_step(statement)) == raw.SQLITE_ROW)
            row?.Invoke(new SqliteRow(statement));

        if (result != raw.SQLITE_DONE)
            Check(result);
    }

    public void Dispose() => statement?.Dispose();

    private int Bind(int index, object? value) => value switch
    {
        null => raw.sqlite3_bind_null(statement, index),
        long number => raw.sqlite3_bind_int64(statement, index, number),
        string text => raw.sqlite3_bind_text(statement, index, text),
        byte[] bytes => raw.sqlite3_bind_blob(statement, index, bytes),
        _ => throw new ArgumentException($"no column holds {value.GetType()}"),
    };

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
            throw new SqliteException(result, raw.sqlite3_errmsg(connection).utf8_to_string());
    }
}
