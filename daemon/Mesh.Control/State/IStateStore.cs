namespace Mesh.Control.State;

/// <summary>Named values that survive a restart. Writing replaces a value whole: after a crash it is the old or the new one.
/// Names are lower-case letters, digits, '-', '.' and '/' between folders.</summary>
public interface IStateStore
{
    /// <returns>Null when there is none.</returns>
    /// <exception cref="IOException">It is there and cannot be read.</exception>
    Task<byte[]?> ReadAsync(string name);

    /// <exception cref="IOException">It cannot be stored; the old value is still there.</exception>
    Task WriteAsync(string name, byte[] value);

    /// <summary>No value of that name: nothing happens.</summary>
    Task DeleteAsync(string name);

    /// <summary>Names of the values directly in that folder, folder included.</summary>
    Task<IReadOnlyList<string>> ListAsync(string folder);
}
