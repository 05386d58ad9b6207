using SQLitePCL;

namespace Mesh.Store.Sqlite;

/// <summary>
/// One connection to one file. Write-ahead log with full synchronisation: a commit is on the disk when it returns and a kill at any moment
/// leaves the last commit. The file is locked for as long as it is open, because two controllers on one file would not see each other's changes.
/// </summary>
internal sealed class SqliteDatabase : IDisposable
{
    private const int schemaVersion = 1;

    private readonly sqlite3 connection;
    private readonly Lock gate = new();

    private SqliteDatabase(sqlite3 connection) => this.connection = connection;

    public static SqliteDatabase Open(string path)
    {
        SqliteLibrary.EnsureLoaded();
        CreatePrivate(path);
        var result = raw.sqlite3_open_v2(path, out var connection, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_FULLMUTEX, null);
        var database = new SqliteDatabase(connection);
        try
        {
            if (result != raw.SQLITE_OK)
                throw new StoreUnusableException($"cannot open database {path}: {raw.sqlite3_errstr(result).utf8_to_string()}");

            database.Prepare(path);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Runs one statement to its end and gives each row to <paramref name="row"/>.</summary>
    public void Run(string sql, Action<SqliteRow>? row, params ReadOnlySpan<object?> parameters)
    {
        lock (gate)
        {
            using var statement = new SqliteStatement(connection, sql);
            statement.Run(row, parameters);
        }
    }

    /// <summary>All of <paramref name="work"/> or nothing.</summary>
    public void Transaction(Action work)
    {
        lock (gate)
        {
            Run("BEGIN IMMEDIATE", null);
            try
            {
                work();
                Run("COMMIT", null);
            }
            catch
            {
                if (raw.sqlite3_get_autocommit(connection) == 0)
                    Run("ROLLBACK", null);
                throw;
            }
        }
    }

    public void Dispose() => connection.Dispose();

    private static void CreatePrivate(string path)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
                Directory.CreateDirectory(folder);
            if (!File.Exists(path))
                new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }).Dispose();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnusableException($"cannot create database {path}: {failure.Message}", failure);
        }
    }

    private void Prepare(string path)
    {
        try
        {
            Run("PRAGMA locking_mode=EXCLUSIVE", null);
            Run("PRAGMA journal_mode=WAL", null);
            Run("PRAGMA synchronous=FULL", null);
            long found = 0;
            Run("PRAGMA user_version", row => found = row.Integer(0));
            if (found > schemaVersion)
                throw new StoreUnusableException($"database {path} was written by a newer version (format {found}, this program knows {schemaVersion}); start that version");

            Transaction(() => CreateTables(found));
        }
        catch (SqliteException failure) when (failure.IsBusy)
        {
            throw new StoreUnusableException($"database {path} is in use by another process; stop the other controller first", failure);
        }
        catch (SqliteException failure)
        {
            throw new StoreUnusableException($"database {path} cannot be used: {failure.Message}; restore it from a backup", failure);
        }
    }

    private void CreateTables(long found)
    {
        if (found == schemaVersion)
        {
            Run("UPDATE state SET value = value WHERE name = 'version'", null); // takes the write lock now, so that a second process fails here
            return;
        }

        Run("CREATE TABLE resources (kind TEXT NOT NULL, groupname TEXT NOT NULL, space TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (kind, groupname, space, name)) WITHOUT ROWID", null);
        Run("CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID", null);
        Run("CREATE TABLE audit (version INTEGER PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL, what INTEGER NOT NULL, groupname TEXT NOT NULL, kind TEXT NOT NULL, space TEXT NOT NULL, name TEXT NOT NULL, before TEXT, after TEXT)", null);
        Run("CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID", null);
        Run("INSERT INTO state VALUES ('version', 0)", null);
        Run($"PRAGMA user_version={schemaVersion}", null);
    }
}
