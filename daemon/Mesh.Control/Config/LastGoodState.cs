using Google.Protobuf;
using Mesh.Control.State;

namespace Mesh.Control.Config;

/// <summary>Keeps the configuration on disk, so that a restart while the controller is away serves what was in force before.
/// A moment after the last change what has changed is added to a log; when the log has doubled, it is written anew. So the bytes written are
/// in proportion to what changes, not to what there is. A damaged file is reported and ignored. On the control loop.</summary>
public sealed class LastGoodState
{
    /// <summary>Changes come in bursts, and a state that is a second old is brought up to date by the first delta.</summary>
    public static readonly TimeSpan WriteDelay = TimeSpan.FromSeconds(1);

    /// <summary>Bytes that may be added before the log is written anew, however short it was. Written within a few milliseconds.</summary>
    public const int MinAddedBytes = 256 * 1024;

    private const string StateName = "config/last-good";

    private readonly ResourceCache cache;
    private readonly IStateStore store;
    private readonly TimeProvider time;
    private readonly ControlLog log;
    private Dictionary<(string TypeUrl, string Name), ConfigChange> unwritten = [];
    private string? writtenVersion;
    private bool needsWhole = true;
    private long wholeBytes;
    private long addedBytes;
    private bool loading;
    private bool writing;
    private bool dirty;

    public LastGoodState(ResourceCache cache, IStateStore store, TimeProvider time, ControlLog log)
    {
        (this.cache, this.store, this.time, this.log) = (cache, store, time, log);
        cache.Changed += OnChanged;
    }

    /// <summary>Fills the cache from disk.</summary>
    /// <returns>False when there is nothing usable.</returns>
    public async Task<bool> LoadAsync()
    {
        if (await ReadAsync() is not { } stored) return false;
        loading = true;
        cache.Replace(
            stored.Resources.Select(static entry => (entry.TypeUrl, entry.Resource.Name, entry.Resource.Version, entry.Resource.Value)),
            stored.Version);
        loading = false;
        if (stored.IsWhole) (writtenVersion, wholeBytes, needsWhole) = (stored.Version, stored.Bytes, false);
        else log.Warning(3043, "the last changes of the configuration on disk were cut off: serving the one before");
        log.Information(3040, $"serving the last good configuration, version {stored.Version}, until the controller is reached");
        return true;
    }

    /// <summary>Writes at once what is not written yet: before the process ends.</summary>
    public async Task FlushAsync()
    {
        if (!dirty) return;
        dirty = false;
        await WriteAsync();
    }

    private async Task<ConfigLog.Content?> ReadAsync()
    {
        try
        {
            bool exists = false;
            var content = await store.ReadAsync(StateName, stream =>
            {
                exists = true;
                return ConfigLog.Read(stream)!;
            });
            if (content is null && exists)
                log.Error(3041, "the last good configuration on disk is damaged (its checksum does not match) and is ignored: waiting for the controller");
            return content;
        }
        catch (InvalidProtocolBufferException error)
        {
            log.Error(3041, $"the last good configuration on disk cannot be decoded and is ignored: {error.Message}");
        }
        catch (IOException error)
        {
            log.Error(3041, $"the last good configuration on disk cannot be read: {error.Message}");
        }
        return null;
    }

    private void OnChanged(IReadOnlyList<ConfigChange> changes)
    {
        if (loading) return;
        foreach (var change in changes) unwritten[(change.TypeUrl, change.Name)] = change;
        dirty |= unwritten.Count > 0 || writtenVersion != cache.Version;
        if (dirty && !writing) _ = WriteLaterAsync();
    }

    private async Task WriteLaterAsync()
    {
        writing = true;
        while (dirty)
        {
            await Task.Delay(WriteDelay, time);
            await FlushAsync();
        }
        writing = false;
    }

    private async Task WriteAsync()
    {
        var changes = unwritten.Values;
        unwritten = [];
        string? version = cache.Version;
        bool whole = needsWhole || addedBytes > Math.Max(wholeBytes, MinAddedBytes);
        needsWhole = true; // until it has worked: what was added in part cannot be added to
        try
        {
            if (whole) (wholeBytes, addedBytes) = (await WriteWholeAsync(version), 0);
            else addedBytes += await AddAsync(changes, version);
            (writtenVersion, needsWhole) = (version, false);
        }
        catch (IOException error)
        {
            dirty = true;
            log.Error(3042, $"the configuration could not be stored, a restart without the controller would serve an older one: {error.Message}");
        }
    }

    /// <returns>How many bytes.</returns>
    private async Task<long> WriteWholeAsync(string? version)
    {
        ConfigChange[] all = [.. cache.Resources.Select(static resource => new ConfigChange(resource.TypeUrl, resource.Name, resource))];
        long bytes = 0;
        await store.WriteAsync(StateName, ConfigLog.Records(all, version).Prepend(ConfigLog.Start()).Select(part =>
        {
            bytes += part.Length;
            return part;
        }));
        return bytes;
    }

    /// <returns>How many bytes.</returns>
    private async Task<long> AddAsync(IEnumerable<ConfigChange> changes, string? version)
    {
        byte[] added = [.. ConfigLog.Records(changes, version).SelectMany(static part => part)];
        await store.AppendAsync(StateName, added);
        return added.Length;
    }
}
