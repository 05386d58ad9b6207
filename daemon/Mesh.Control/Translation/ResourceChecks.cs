using Google.Protobuf;

namespace Mesh.Control.Translation;

/// <summary>Whether one resource can be carried out here: a node refuses alone what its controller should not have sent
/// (a newer controller, a bad pattern), and everything else stays in force.</summary>
public static class ResourceChecks
{
    /// <returns>Null, or why not.</returns>
    public static string? Check(string typeUrl, IMessage message)
    {
        try
        {
            var groups = new ResourceGroups([message]);
            new PolicyTranslator(groups).TranslateAll();
            new RouteTranslator(groups).TranslateAll();
            new SnapshotTranslator(1, new Random(0)).Translate([message], "check");
            return null;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidOperationException or OverflowException or NotSupportedException)
        {
            return $"{typeUrl[(typeUrl.LastIndexOf('.') + 1)..]} cannot be carried out: {error.Message}";
        }
    }
}
