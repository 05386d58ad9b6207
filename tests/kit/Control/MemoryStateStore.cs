using Mesh.Control.State;

namespace Mesh.Kit.Control;

/// <summary>The disk of a node, in memory. It outlives the node that writes it.</summary>
public sealed class MemoryStateStore : IStateStore
{
    public Dictionary<string, byte[]> Values { get; } = [];

    /// <summary>Set: writing fails with this, as on a full disk.</summary>
    public string? WriteProblem { get; set; }

    public Task<byte[]?> ReadAsync(string name) => Task.FromResult(Values.GetValueOrDefault(name));

    public Task<T?> ReadAsync<T>(string name, Func<Stream, T> read)
        where T : class => Task.FromResult(Values.TryGetValue(name, out byte[]? value) ? read(new MemoryStream(value)) : null);

    public Task WriteAsync(string name, byte[] value) => WriteAsync(name, (IEnumerable<byte[]>)[value]);

    public Task WriteAsync(string name, IEnumerable<byte[]> parts) => StoreAsync(name, [.. parts.SelectMany(static part => part)]);

    public Task AppendAsync(string name, byte[] value) => StoreAsync(name, [.. Values[name], .. value]);

    public Task DeleteAsync(string name)
    {
        Values.Remove(name);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<string>> ListAsync(string folder) => Task.FromResult<IReadOnlyList<string>>(
        [.. Values.Keys.Where(name => name.StartsWith(folder + "/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)]);

    private Task StoreAsync(string name, byte[] value)
    {
        if (WriteProblem is not null) return Task.FromException(new IOException(WriteProblem));
        Values[name] = value;
        return Task.CompletedTask;
    }
}
