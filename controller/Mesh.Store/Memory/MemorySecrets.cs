namespace Mesh.Store.Memory;

internal sealed class MemorySecrets : ISecretStore
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, byte[]> values = new(StringComparer.Ordinal);

    public byte[]? Get(string key)
    {
        lock (gate)
            return values.GetValueOrDefault(key)?.ToArray();
    }

    public IReadOnlyList<string> Keys(string prefix)
    {
        lock (gate)
            return [.. values.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal))];
    }

    public void Put(string key, ReadOnlySpan<byte> value)
    {
        var copy = value.ToArray();
        lock (gate)
            values[key] = copy;
    }

    public void Delete(string key)
    {
        lock (gate)
            values.Remove(key);
    }
}
