using Mesh.Store.Memory;
using Mesh.Store.Sqlite;

namespace Mesh.Store;

/// <summary>An open store: its resources and its secrets live and end together.</summary>
public sealed class StoreHandle : IDisposable
{
    private readonly ResourceStore store;
    private readonly IDisposable? database;

    private StoreHandle(ResourceStore store, ISecretStore secrets, IDisposable? database)
    {
        this.store = store;
        this.database = database;
        Secrets = secrets;
    }

    public IResourceStore Resources => store;

    public ISecretStore Secrets { get; }

    /// <param name="path">Database file; made if absent, readable only by the owner.</param>
    /// <exception cref="StoreUnusableException">The file cannot be opened, is in use by another process, or was written by a newer version.</exception>
    public static StoreHandle OpenSqlite(string path, TimeProvider time, Random random, StoreLimits? limits = null)
    {
        limits ??= new StoreLimits();
        var database = SqliteDatabase.Open(path);
        try
        {
            return new StoreHandle(new ResourceStore(new SqliteJournal(database, limits), time, random, limits), new SqliteSecrets(database), database);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    public static StoreHandle OpenMemory(TimeProvider time, Random random, StoreLimits? limits = null)
    {
        limits ??= new StoreLimits();
        return new StoreHandle(new ResourceStore(new MemoryJournal(limits), time, random, limits), new MemorySecrets(), null);
    }

    public void Dispose()
    {
        store.Dispose();
        database?.Dispose();
    }
}
