using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Resources;

namespace Mesh.Store;

/// <summary>Turns wishes into events: checks what they expect and keeps the metadata that belongs to the server.</summary>
internal sealed class ChangeApplier(TimeProvider time, Random random)
{
    public (ResourceSet Resources, IReadOnlyList<StoreEvent> Events) Apply(StoreSnapshot snapshot, IReadOnlyList<Change> changes)
    {
        var (resources, version) = (snapshot.Resources, snapshot.Version);
        List<StoreEvent> events = [];
        foreach (var change in changes)
        {
            if (Apply(resources.Find(change.Key), change, version + 1) is not { } happened)
                continue;

            version++;
            events.Add(happened);
            resources = happened.Type == StoreEventType.Deleted ? resources.Without(change.Key) : resources.With(happened.Resource);
        }

        return (resources, events);
    }

    private StoreEvent? Apply(Resource? existing, Change change, long version)
    {
        if (change.Kind == ChangeKind.Create)
        {
            return existing is null ? new StoreEvent(StoreEventType.Added, version, Created(change.Resource!, version), null)
                : throw new StoreConflictException(ConflictReason.AlreadyExists, change.Key, $"{change.Key} already exists");
        }

        if (existing is null)
            throw new StoreConflictException(ConflictReason.NotFound, change.Key, $"{change.Key} does not exist");
        if (change.ExpectedVersion is { } expected && expected != existing.ResourceVersion)
            throw new StoreConflictException(ConflictReason.VersionMismatch, change.Key, $"{change.Key} was changed meanwhile: version {expected} was expected, it is {existing.ResourceVersion}; read it again and repeat the change");

        if (change.Kind == ChangeKind.Delete)
            return new StoreEvent(StoreEventType.Deleted, version, Stamped(existing.Kind, existing.Copy(), version), existing);

        return Updated(existing, change.Resource!, version) is { } updated ? new StoreEvent(StoreEventType.Modified, version, updated, existing) : null;
    }

    private Resource Created(Resource resource, long version)
    {
        var document = resource.Copy();
        var metadata = document["metadata"]!.AsObject();
        metadata["uid"] = NewUid();
        metadata["creationTimestamp"] = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        metadata["generation"] = 1;
        return Stamped(resource.Kind, document, version);
    }

    private static Resource? Updated(Resource existing, Resource wanted, long version)
    {
        var document = wanted.Copy();
        var metadata = document["metadata"]!.AsObject();
        foreach (var kept in new[] { "uid", "creationTimestamp", "resourceVersion" })
            metadata[kept] = existing.Metadata[kept]?.DeepClone();

        var specChanged = !JsonNode.DeepEquals(existing.Spec, wanted.Spec);
        metadata["generation"] = existing.Generation + (specChanged ? 1 : 0);
        return JsonNode.DeepEquals(existing.Document, document) ? null : Stamped(existing.Kind, document, version);
    }

    private static Resource Stamped(Resources.Schema.KindSchema kind, JsonObject document, long version)
    {
        document["metadata"]!["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture);
        return new Resource(kind, document);
    }

    private string NewUid()
    {
        var bytes = new byte[16];
        lock (random) // previews run beside the writer
            random.NextBytes(bytes);

        bytes[7] = (byte)((bytes[7] & 0x0f) | 0x40); // version 4, in the order in which Guid reads its bytes
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes).ToString();
    }
}
