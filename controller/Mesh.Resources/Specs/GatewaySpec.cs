namespace Mesh.Resources.Specs;

internal sealed class GatewaySpec
{
    public string GatewayClassName { get; set; } = "";

    public List<GatewayAddressSpec> Addresses { get; set; } = [];

    public List<ListenerSpec> Listeners { get; set; } = [];
}

internal sealed class GatewayAddressSpec
{
    public string Value { get; set; } = "";
}

internal sealed class ListenerSpec
{
    public string Name { get; set; } = "";

    public int Port { get; set; }

    public string Protocol { get; set; } = "";

    public string? Hostname { get; set; }

    public AllowedRoutesSpec AllowedRoutes { get; set; } = new();
}

internal sealed class AllowedRoutesSpec
{
    public AllowedNamespacesSpec Namespaces { get; set; } = new();

    public List<AllowedKindSpec> Kinds { get; set; } = [];
}

internal sealed class AllowedNamespacesSpec
{
    public string From { get; set; } = "Same";

    public SelectorSpec? Selector { get; set; }
}

internal sealed class AllowedKindSpec
{
    public string Kind { get; set; } = "";
}
