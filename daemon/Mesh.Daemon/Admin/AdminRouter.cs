namespace Mesh.Daemon.Admin;

/// <summary>One page of an endpoint.</summary>
/// <param name="Help">One line for the index.</param>
/// <param name="Methods">Besides HEAD, which goes with GET.</param>
internal sealed record AdminPage(string Path, string Help, Func<AdminRequest, ValueTask<AdminResponse>> Handle, params string[] Methods);

/// <summary>Finds the page by its exact path.</summary>
internal sealed class AdminRouter(IReadOnlyList<AdminPage> pages) : IAdminEndpoint
{
    public async ValueTask<AdminResponse> HandleAsync(AdminRequest request)
    {
        if (request.Path == "/") return AdminResponse.Text(200, string.Concat(pages.Select(page => $"{page.Path,-14} {page.Help}\n")));
        var page = pages.FirstOrDefault(candidate => candidate.Path == request.Path);
        if (page is null) return AdminResponse.Text(404, $"no page {request.Path} here; / lists them\n");
        string[] methods = page.Methods.Contains("GET") ? [.. page.Methods, "HEAD"] : page.Methods;
        if (methods.Contains(request.Method)) return await page.Handle(request);
        string allowed = string.Join(", ", methods);
        return AdminResponse.Text(405, $"{request.Path} takes {allowed}\n") with { Allow = allowed };
    }
}
