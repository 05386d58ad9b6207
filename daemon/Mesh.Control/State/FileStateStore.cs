namespace Mesh.Control.State;

/// <summary>One file per value below a directory, readable by the owner only. Works on the thread pool, one operation at a time.</summary>
public sealed class FileStateStore(string directory) : IStateStore
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const string NameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-./";
    private const string TemporarySuffix = ".new";
    private const int ReadBufferBytes = 64 * 1024;

    private readonly SemaphoreSlim oneAtATime = new(1, 1);

    public Task<byte[]?> ReadAsync(string name) => RunAsync(() =>
    {
        string path = PathOf(name);
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    });

    public Task<T?> ReadAsync<T>(string name, Func<Stream, T> read)
        where T : class => RunAsync(() =>
    {
        string path = PathOf(name);
        if (!File.Exists(path)) return null;
        using var file = new FileStream(path, new FileStreamOptions { BufferSize = ReadBufferBytes });
        return read(file);
    });

    public Task WriteAsync(string name, byte[] value) => WriteAsync(name, (IEnumerable<byte[]>)[value]);

    public Task WriteAsync(string name, IEnumerable<byte[]> parts) => RunAsync<object?>(() =>
    {
        string path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, OwnerOnly | UnixFileMode.UserExecute);
        string temporary = path + TemporarySuffix;
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly };
        using (var file = new FileStream(temporary, options))
        {
            foreach (byte[] part in parts) file.Write(part);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
        return null;
    });

    public Task AppendAsync(string name, byte[] value) => RunAsync<object?>(() =>
    {
        using var file = new FileStream(PathOf(name), new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Write });
        file.Seek(0, SeekOrigin.End);
        file.Write(value);
        file.Flush(flushToDisk: true);
        return null;
    });

    public Task DeleteAsync(string name) => RunAsync<object?>(() =>
    {
        string path = PathOf(name);
        if (File.Exists(path)) File.Delete(path);
        return null;
    });

    public Task<IReadOnlyList<string>> ListAsync(string folder) => RunAsync<IReadOnlyList<string>>(() =>
    {
        string path = PathOf(folder);
        if (!Directory.Exists(path)) return [];
        return
        [
            .. Directory.EnumerateFiles(path)
                .Where(static file => !file.EndsWith(TemporarySuffix, StringComparison.Ordinal))
                .Select(file => $"{folder}/{Path.GetFileName(file)}").Order(StringComparer.Ordinal),
        ];
    });

    private Task<T> RunAsync<T>(Func<T> work) => Task.Run(async () =>
    {
        await oneAtATime.WaitAsync().ConfigureAwait(false);
        try
        {
            return work();
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException(error.Message, error);
        }
        finally
        {
            oneAtATime.Release();
        }
    });

    private string PathOf(string name)
    {
        bool good = name.Split('/').All(static part => part.Length > 0 && part[0] != '.') && !name.AsSpan().ContainsAnyExcept(NameCharacters);
        return good ? Path.Combine(directory, name) : throw new ArgumentException($"'{name}' is not the name of a value", nameof(name));
    }
}
