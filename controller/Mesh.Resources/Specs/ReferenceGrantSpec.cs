namespace Mesh.Resources.Specs;

internal sealed class ReferenceGrantSpec
{
    public List<GrantFromSpec> From { get; set; } = [];

    public List<GrantToSpec> To { get; set; } = [];
}

internal sealed class GrantFromSpec
{
    public string Kind { get; set; } = "";

    public string Namespace { get; set; } = "";
}

internal sealed class GrantToSpec
{
    public string? Name { get; set; }
}
