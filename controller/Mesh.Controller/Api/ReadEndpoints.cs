using Mesh.Resources;
using Mesh.Store;

namespace Mesh.Controller.Api;

internal sealed class ReadEndpoints(IResourceStore store, TimeProvider time)
{
    public Task GetAsync(ApiCall call, ResourcePath path)
    {
        var key = new ResourceKey(path.Kind.Group, path.Kind.Kind, path.Namespace, path.Name!);
        var resource = store.Current.Resources.Find(key) ?? throw ApiException.NotFound(path.Kind, path.Name!);
        return call.WriteAsync(200, Rendering.For(call.Http.Request, path, time.GetUtcNow()).Single(resource));
    }

    public Task ListAsync(ApiCall call, ResourcePath path)
    {
        var snapshot = store.Current;
        var selection = new ListSelection(path, call.Query);
        var items = (selection.Limit > 0 ? selection.Of(snapshot.Resources).Take(selection.Limit + 1) : selection.Of(snapshot.Resources)).ToList();
        var more = selection.Limit > 0 && items.Count > selection.Limit;
        if (more)
            items.RemoveAt(selection.Limit);

        var rendering = Rendering.For(call.Http.Request, path, time.GetUtcNow());
        return call.WriteAsync(200, rendering.List(items, snapshot.Version, more ? ListSelection.ContinueAfter(items[^1]) : null));
    }
}
