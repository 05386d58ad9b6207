namespace Mesh.Store.Sqlite;

internal sealed class SqliteSecrets(SqliteDatabase database) : ISecretStore
{
    public byte[]? Get(string key)
    {
        byte[]? value = null;
        database.Run("SELECT value FROM secrets WHERE name = ?", row => value = row.Bytes(0), key);
        return value;
    }

    public IReadOnlyList<string> Keys(string prefix)
    {
        List<string> keys = [];
        database.Run("SELECT name FROM secrets WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name", row => keys.Add(row.Text(0)), prefix);
        return keys;
    }

    public void Put(string key, ReadOnlySpan<byte> value) =>
        database.Run("INSERT INTO secrets VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", null, key, value.ToArray());

    public void Delete(string key) => database.Run("DELETE FROM secrets WHERE name = ?", null, key);
}
