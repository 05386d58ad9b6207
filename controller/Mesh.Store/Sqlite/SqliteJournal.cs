using System.Text.Json.Nodes;
using Mesh.Resources;
using Mesh.Resources.Kinds;

namespace Mesh.Store.Sqlite;

internal sealed class SqliteJournal(SqliteDatabase database, StoreLimits limits) : IJournal
{
    public StoreSnapshot Load()
    {
        List<Resource> resources = [];
        long version = 0;
        database.Run("SELECT kind, groupname, document FROM resources", row => resources.Add(Read(row)));
        database.Run("SELECT value FROM state WHERE name = 'version'", row => version = row.Integer(0));
        return new StoreSnapshot(ResourceSet.Of(resources), version);
    }

    public void Commit(long version, IReadOnlyList<StoreEvent> events, IReadOnlyList<AuditRecord> audit) => database.Transaction(() =>
    {
        foreach (var happened in events)
            Write(happened);

        foreach (var record in audit)
            Write(record);

        database.Run("UPDATE state SET value = ? WHERE name = 'version'", null, version);
    });

    public IReadOnlyList<AuditRecord> ReadAudit(long? before, int limit)
    {
        List<AuditRecord> records = [];
        database.Run(
            "SELECT version, time, who, what, groupname, kind, space, name, before, after FROM audit WHERE version < ? ORDER BY version DESC LIMIT ?",
            row => records.Add(new AuditRecord(
                row.Integer(0),
                DateTimeOffset.FromUnixTimeMilliseconds(row.Integer(1)),
                row.Text(2),
                (ChangeKind)row.Integer(3),
                new ResourceKey(row.Text(4), row.Text(5), row.Text(6), row.Text(7)),
                row.OptionalText(8),
                row.OptionalText(9))),
            before ?? long.MaxValue,
            (long)limit);
        return records;
    }

    private static Resource Read(SqliteRow row)
    {
        var kind = KindCatalog.Find(row.Text(1), row.Text(0))
            ?? throw new StoreUnusableException($"the database holds a {row.Text(0)} of group \"{row.Text(1)}\", which this version does not know; start the version that wrote it");
        return new Resource(kind, JsonNode.Parse(row.Text(2))!.AsObject());
    }

    private void Write(StoreEvent happened)
    {
        var key = happened.Resource.Key;
        if (happened.Type == StoreEventType.Deleted)
        {
            database.Run("DELETE FROM resources WHERE kind = ? AND groupname = ? AND space = ? AND name = ?", null, key.Kind, key.Group, key.Namespace, key.Name);
            return;
        }

        database.Run(
            "INSERT INTO resources VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, groupname, space, name) DO UPDATE SET document = excluded.document",
            null,
            key.Kind,
            key.Group,
            key.Namespace,
            key.Name,
            happened.Resource.Document.ToJsonString());
    }

    private void Write(AuditRecord record)
    {
        var key = record.Key;
        database.Run(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            null,
            record.Version,
            record.Time.ToUnixTimeMilliseconds(),
            record.Who,
            (long)record.What,
            key.Group,
            key.Kind,
            key.Namespace,
            key.Name,
            record.Before,
            record.After);
        database.Run("DELETE FROM audit WHERE version <= ?", null, record.Version - limits.AuditRecords);
    }
}
