namespace Mesh.Control.State;

/// <summary>Named values that survive a restart. Writing replaces a value whole: after a crash it is the old or the new one.
/// Names are lower-case letters, digits, '-', '.' and '/' between folders.</summary>
public interface IStateStore
{
    /// <returns>Null when there is none.</returns>
    /// <exception cref="IOException">It is there and cannot be read.</exception>
    Task<byte[]?> ReadAsync(string name);

    /// <summary>For a value that should not be in memory at once.</summary>
    /// <param name="read">Runs where the store works, not on the caller's loop; its exceptions pass through.</param>
    /// <returns>What <paramref name="read"/> makes of it; null when there is none.</returns>
    /// <exception cref="IOException">It is there and cannot be read.</exception>
    Task<T?> ReadAsync<T>(string name, Func<Stream, T> read)
        where T : class;

    /// <exception cref="IOException">It cannot be stored; the old value is still there.</exception>
    Task WriteAsync(string name, byte[] value);

    /// <param name="parts">Of the value, one after the other; taken where the store works, not on the caller's loop.</param>
    /// <exception cref="IOException">As above.</exception>
    Task WriteAsync(string name, IEnumerable<byte[]> parts);

    /// <summary>Adds to the end of a value; there must be one. After a crash or a failure it may end anywhere within what was added.</summary>
    /// <exception cref="IOException">It cannot be stored completely.</exception>
    Task AppendAsync(string name, byte[] value);

    /// <summary>No value of that name: nothing happens.</summary>
    Task DeleteAsync(string name);

    /// <summary>Names of the values directly in that folder, folder included.</summary>
    Task<IReadOnlyList<string>> ListAsync(string folder);
}
