using System.Text.Json.Nodes;
using Mesh.Resources;
using Mesh.Resources.Compile;
using Mesh.Resources.Patching;
using Mesh.Store;

namespace Mesh.Controller.Api;

/// <summary>Create, update, patch and delete. What a change makes of a resource is decided inside the store's write, so concurrent changes never lose each other.</summary>
internal sealed class WriteEndpoints(IResourceStore store, CompileOptions options, TimeProvider time, Random random)
{
    public async Task CreateAsync(ApiCall call, ResourcePath path)
    {
        var body = await call.ReadObjectAsync();
        GeneratedNames.Apply(body, random);
        var wanted = Bodies.Resource(body, path, status: null);
        await CommitAsync(call, path, wanted.Key, resources =>
        {
            RequireNamespace(resources, path);
            return [Change.Create(wanted)];
        }, created: true);
    }

    public async Task UpdateAsync(ApiCall call, ResourcePath path)
    {
        var body = await call.ReadObjectAsync();
        var key = Key(path);
        await CommitAsync(call, path, key, resources =>
        {
            var existing = resources.Find(key) ?? throw ApiException.NotFound(path.Kind, path.Name!);
            var wanted = Bodies.Replacing(body, path, existing);
            return [Change.Update(wanted, Bodies.ExpectedVersion(body))];
        });
    }

    public async Task PatchAsync(ApiCall call, ResourcePath path)
    {
        var patch = await PatchBody.ReadAsync(call);
        var key = Key(path);
        var existed = store.Current.Resources.Find(key) is not null;
        await CommitAsync(call, path, key, resources => [Patched(patch, path, resources.Find(key), resources)], created: patch.Creates && !existed);
    }

    public async Task DeleteAsync(ApiCall call, ResourcePath path)
    {
        var wish = await DeleteOptions.ReadAsync(call);
        var key = Key(path);
        var events = await RunAsync(call, resources =>
        {
            var existing = resources.Find(key) ?? throw ApiException.NotFound(path.Kind, path.Name!);
            wish.Check(existing);
            return [.. Contents(resources, existing), Change.Delete(key)];
        });
        var deleted = events[^1].Resource;
        await call.WriteAsync(200, StatusDocument.Success(deleted.Name, path.Kind.Group, path.Kind.Plural, deleted.Uid));
    }

    public async Task DeleteCollectionAsync(ApiCall call, ResourcePath path)
    {
        if (path.Kind.Kind == "Namespace")
            throw ApiException.MethodNotAllowed("deleting all namespaces");

        await call.ReadBodyAsync();
        var selection = new ListSelection(path, call.Query);
        var events = await RunAsync(call, resources => [.. selection.Of(resources).Select(resource => Change.Delete(resource.Key))]);
        var rendering = Rendering.For(call.Http.Request, path, time.GetUtcNow());
        await call.WriteAsync(200, rendering.List([.. events.Select(happened => happened.Resource)], store.Current.Version, null));
    }

    private static ResourceKey Key(ResourcePath path) => new(path.Kind.Group, path.Kind.Kind, path.Namespace, path.Name!);

    private Change Patched(PatchBody patch, ResourcePath path, Resource? existing, ResourceSet resources)
    {
        if (existing is null && !patch.Creates)
            throw ApiException.NotFound(path.Kind, path.Name!);

        var document = patch.Apply(path, existing, time.GetUtcNow());
        if (existing is null)
        {
            RequireNamespace(resources, path);
            return Change.Create(Bodies.Resource(document, path, status: null));
        }

        return Change.Update(Bodies.Replacing(document, path, existing), Bodies.ExpectedVersion(patch.Document));
    }

    private async Task CommitAsync(ApiCall call, ResourcePath path, ResourceKey key, Func<ResourceSet, IReadOnlyList<Change>> decide, bool created = false)
    {
        var events = await RunAsync(call, decide);
        var resource = events.Count > 0 ? events[^1].Resource : store.Current.Resources.Find(key) ?? throw ApiException.NotFound(path.Kind, key.Name);
        foreach (var problem in ResourceCompiler.Check(resource, store.Current.Resources, options))
            call.Warn($"{problem.Path}: {problem.Message}");

        await call.WriteAsync(created ? 201 : 200, Rendering.For(call.Http.Request, path, time.GetUtcNow()).Single(resource));
    }

    private async Task<IReadOnlyList<StoreEvent>> RunAsync(ApiCall call, Func<ResourceSet, IReadOnlyList<Change>> decide)
    {
        try
        {
            return call.DryRun ? store.Preview(decide) : await store.WriteAsync(new ChangeAuthor(call.User.Name), decide, call.Http.RequestAborted);
        }
        catch (StoreConflictException conflict)
        {
            var kind = Resources.Kinds.KindCatalog.Find(conflict.Key.Group, conflict.Key.Kind)!;
            throw conflict.Reason switch
            {
                ConflictReason.AlreadyExists => ApiException.AlreadyExists(kind, conflict.Key.Name),
                ConflictReason.NotFound => ApiException.NotFound(kind, conflict.Key.Name),
                _ => ApiException.Conflict(kind, conflict.Key.Name, "the object has been modified; please apply your changes to the latest version and try again"),
            };
        }
    }

    private static void RequireNamespace(ResourceSet resources, ResourcePath path)
    {
        var space = Resources.Kinds.KindCatalog.Get("Namespace");
        if (path.Kind.Namespaced && resources.Find(new ResourceKey("", "Namespace", "", path.Namespace)) is null)
            throw ApiException.NotFound(space, path.Namespace);
    }

    /// <summary>A namespace goes with everything in it, in one commit.</summary>
    private static IEnumerable<Change> Contents(ResourceSet resources, Resource deleted)
    {
        if (deleted.Key.Kind != "Namespace")
            return [];
        if (deleted.Name == "default")
            throw ApiException.Forbidden("namespace default cannot be deleted");

        return resources.All.Where(resource => resource.Namespace == deleted.Name).Select(resource => Change.Delete(resource.Key));
    }
}
