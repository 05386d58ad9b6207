using System.Text.Json.Serialization;

namespace Mesh.Resources.Specs;

/// <summary>Exactly one of the four is given.</summary>
internal sealed class HttpFilterSpec
{
    public HeaderFilterSpec? RequestHeaderModifier { get; set; }

    public HeaderFilterSpec? ResponseHeaderModifier { get; set; }

    public RedirectSpec? RequestRedirect { get; set; }

    [JsonPropertyName("urlRewrite")]
    public RewriteSpec? UrlRewrite { get; set; }
}

internal sealed class HeaderFilterSpec
{
    public List<HeaderValueSpec> Set { get; set; } = [];

    public List<HeaderValueSpec> Add { get; set; } = [];

    public List<string> Remove { get; set; } = [];
}

internal sealed class HeaderValueSpec
{
    public string Name { get; set; } = "";

    public string Value { get; set; } = "";
}

internal sealed class RedirectSpec
{
    public string? Scheme { get; set; }

    public string? Hostname { get; set; }

    public PathModifierSpec? Path { get; set; }

    public uint? Port { get; set; }

    public uint StatusCode { get; set; }
}

internal sealed class RewriteSpec
{
    public string? Hostname { get; set; }

    public PathModifierSpec? Path { get; set; }
}

internal sealed class PathModifierSpec
{
    public string? ReplaceFullPath { get; set; }

    public string? ReplacePrefixMatch { get; set; }
}
