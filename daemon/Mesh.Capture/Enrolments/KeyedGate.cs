namespace Mesh.Capture.Enrolments;

/// <summary>One holder at a time per key; different keys never wait for each other. Keys nobody holds or waits for take no memory.</summary>
internal sealed class KeyedGate
{
    private readonly Dictionary<string, Entry> entries = [];

    internal async Task<Holder> EnterAsync(string key, CancellationToken cancel = default)
    {
        Entry? entry;
        lock (entries)
        {
            if (!entries.TryGetValue(key, out entry)) entries[key] = entry = new();
            entry.Users++;
        }
        try
        {
            await entry.Gate.WaitAsync(cancel);
        }
        catch
        {
            Forget(key, entry);
            throw;
        }
        return new(this, key, entry);
    }

    private void Forget(string key, Entry entry)
    {
        lock (entries)
        {
            if (--entry.Users == 0) entries.Remove(key);
        }
    }

    internal sealed class Entry
    {
        internal readonly SemaphoreSlim Gate = new(1, 1);
        internal int Users;
    }

    internal readonly struct Holder(KeyedGate owner, string key, Entry entry) : IDisposable
    {
        public void Dispose()
        {
            entry.Gate.Release();
            owner.Forget(key, entry);
        }
    }
}
