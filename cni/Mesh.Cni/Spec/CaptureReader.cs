using Mesh.Netfilter;

namespace Mesh.Cni.Spec;

/// <summary>The "capture" object of the plugin's configuration.</summary>
internal static class CaptureReader
{
    internal static readonly string[] KnownKeys =
        ["dns", "excludeInboundPorts", "excludeInboundCidrs", "excludeOutboundPorts", "excludeOutboundCidrs"];

    internal static CaptureOptions Read(FieldReader root)
    {
        if (root.Object("capture") is not { } capture) return CaptureOptions.Default;
        var fields = new FieldReader(capture, "capture.", root.Faults);
        var options = new CaptureOptions
        {
            Dns = fields.Boolean("dns") ?? true,
            ExcludeInboundPorts = fields.Ports("excludeInboundPorts"),
            ExcludeInboundCidrs = fields.Networks("excludeInboundCidrs"),
            ExcludeOutboundPorts = fields.Ports("excludeOutboundPorts"),
            ExcludeOutboundCidrs = fields.Networks("excludeOutboundCidrs"),
        };
        var faults = new List<string>();
        options.Validate(faults);
        root.Faults.AddRange(faults.Select(static fault => "capture." + fault));
        return options;
    }
}
