using Mesh.Controller.Registry;
using Mesh.Resources;
using Mesh.Resources.Patching;
using Mesh.Resources.Reading;
using Mesh.Resources.Validation;
using Mesh.Store;

namespace Mesh.Controller.Hosting;

/// <summary>What the store must hold before anybody is served: the first namespaces, and the resources of the configuration.</summary>
internal static class Bootstrap
{
    private const string manager = "bootstrap";

    private static readonly string[] namespaces = ["default", "mesh-system"];

    /// <summary>
    /// Files are applied as by a manager of their own at each start: what they give wins over other appliers, and what they stop giving goes.
    /// Namespaces that they use and do not define are made.
    /// </summary>
    /// <exception cref="BootstrapException">Files are wrong; nothing was applied.</exception>
    public static async Task RunAsync(IResourceStore store, IReadOnlyList<string> paths, DateTimeOffset now)
    {
        var loaded = ResourceLoader.LoadFiles(paths);
        if (loaded.Errors.Count > 0)
            throw new BootstrapException(loaded.Errors);

        var applied = loaded.Resources.Select(resource => resource.Key).ToHashSet();
        var missing = namespaces.Concat(loaded.Resources.Select(resource => resource.Namespace)).Where(name => name.Length > 0)
            .Distinct().Select(Namespaces.Make).Where(space => !applied.Contains(space.Key)).ToList();
        await store.WriteAsync(new ChangeAuthor(manager), resources =>
        [
            .. missing.Where(space => resources.Find(space.Key) is null).Select(Change.Create),
            .. loaded.Resources.OrderBy(resource => resource.Key.Kind != "Namespace").Select(resource => Apply(resource, resources.Find(resource.Key), now)),
        ]);
    }

    private static Change Apply(Resource wanted, Resource? existing, DateTimeOffset now)
    {
        var document = ServerSideApply.Apply(wanted.Kind, existing?.Copy(), wanted.Document, manager, force: true, now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"));
        document["apiVersion"] = wanted.Kind.ApiVersion;
        var (resource, errors) = ResourceValidator.Validate(document);
        if (resource is null)
            throw new BootstrapException(errors);

        return existing is null ? Change.Create(resource) : Change.Update(resource);
    }
}
