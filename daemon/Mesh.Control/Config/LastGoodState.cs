using Google.Protobuf;
using Mesh.Control.State;
using Mesh.Protocol.State;

namespace Mesh.Control.Config;

/// <summary>Keeps the configuration on disk, so that a restart while the controller is away serves what was in force before.
/// Written a moment after the last change; a damaged file is reported and ignored. On the control loop.</summary>
public sealed class LastGoodState
{
    /// <summary>Changes come in bursts, and a state that is a second old is brought up to date by the first delta.</summary>
    public static readonly TimeSpan WriteDelay = TimeSpan.FromSeconds(1);

    private const string StateName = "config/last-good";

    private readonly ResourceCache cache;
    private readonly IStateStore store;
    private readonly TimeProvider time;
    private readonly ControlLog log;
    private bool writing;
    private bool dirty;

    public LastGoodState(ResourceCache cache, IStateStore store, TimeProvider time, ControlLog log)
    {
        (this.cache, this.store, this.time, this.log) = (cache, store, time, log);
        cache.Changed += _ => OnChanged();
    }

    /// <summary>Fills the cache from disk.</summary>
    /// <returns>False when there is nothing usable.</returns>
    public async Task<bool> LoadAsync()
    {
        if (await ReadAsync() is not { } stored) return false;
        cache.Replace(
            from type in stored.Types_
            from resource in type.Resources
            select (type.TypeUrl, resource.Name, resource.Version, resource.Value),
            stored.Version);
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

    private async Task<StoredConfig?> ReadAsync()
    {
        try
        {
            if (await store.ReadAsync(StateName) is not { } value) return null;
            if (StateEnvelope.TryOpen(value, out var content)) return StoredConfig.Parser.ParseFrom(content.Span);
            log.Error(3041, "the last good configuration on disk is damaged (its checksum does not match) and is ignored: waiting for the controller");
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

    private void OnChanged()
    {
        dirty = true;
        if (!writing) _ = WriteLaterAsync();
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
        var stored = new StoredConfig { Version = cache.Version };
        foreach (string typeUrl in Protocol.Config.ConfigTypes.Urls)
        {
            var type = new StoredType { TypeUrl = typeUrl };
            foreach (var resource in cache.OfType(typeUrl).Values)
                type.Resources.Add(new StoredResource { Name = resource.Name, Version = resource.Version, Value = resource.Bytes });
            stored.Types_.Add(type);
        }
        try
        {
            await store.WriteAsync(StateName, StateEnvelope.Seal(stored.ToByteArray()));
        }
        catch (IOException error)
        {
            dirty = true;
            log.Error(3042, $"the configuration could not be stored, a restart without the controller would serve an older one: {error.Message}");
        }
    }
}
