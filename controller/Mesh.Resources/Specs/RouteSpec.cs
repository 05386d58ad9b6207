using Mesh.Resources.Kinds;

namespace Mesh.Resources.Specs;

/// <summary>What routes of every kind say of where they are attached.</summary>
internal abstract class AttachedSpec
{
    public List<ParentRefSpec> ParentRefs { get; set; } = [];

    public List<string> Hostnames { get; set; } = [];
}

/// <summary>HTTPRoute, TCPRoute and TLSRoute: fields that a kind lacks stay empty.</summary>
internal sealed class RouteSpec : AttachedSpec
{
    public List<RouteRuleSpec> Rules { get; set; } = [];
}

internal sealed class ParentRefSpec
{
    public string? Group { get; set; }

    public string Kind { get; set; } = "Gateway";

    public string? Namespace { get; set; }

    public string Name { get; set; } = "";

    public string? SectionName { get; set; }

    public int? Port { get; set; }

    public ResourceKey Target(string routeNamespace) =>
        new(Kind == "Service" ? Groups.Core : Groups.Gateway, Kind, Namespace ?? routeNamespace, Name);
}

internal sealed class RouteRuleSpec
{
    public string? Name { get; set; }

    public List<HttpMatchSpec> Matches { get; set; } = [];

    public List<HttpFilterSpec> Filters { get; set; } = [];

    public List<BackendRefSpec> BackendRefs { get; set; } = [];

    public RouteTimeoutsSpec? Timeouts { get; set; }
}

internal sealed class BackendRefSpec
{
    public string? Namespace { get; set; }

    public string Name { get; set; } = "";

    public int Port { get; set; }

    public uint Weight { get; set; }

    public List<HttpFilterSpec> Filters { get; set; } = [];
}

internal sealed class RouteTimeoutsSpec
{
    public string? Request { get; set; }

    public string? BackendRequest { get; set; }
}

internal sealed class HttpMatchSpec
{
    public ValueMatchSpec? Path { get; set; }

    public string? Method { get; set; }

    public List<ValueMatchSpec> Headers { get; set; } = [];

    public List<ValueMatchSpec> QueryParams { get; set; } = [];
}

internal sealed class ValueMatchSpec
{
    public string Type { get; set; } = "Exact";

    public string? Name { get; set; }

    public string Value { get; set; } = "";
}
