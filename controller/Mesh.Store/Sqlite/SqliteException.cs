using SQLitePCL;

namespace Mesh.Store.Sqlite;

internal sealed class SqliteException(int code, string message) : Exception(message)
{
    private const int primaryCodeMask = 0xff;

    public bool IsBusy => (code & primaryCodeMask) is raw.SQLITE_BUSY or raw.SQLITE_LOCKED;
}
