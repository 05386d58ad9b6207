namespace Mesh.Tests.Tidy;

internal static class Report
{
    /// <summary>Fails with every finding at once, and with what to do.</summary>
    public static void None(IEnumerable<string> findings, string remedy)
    {
        var all = findings.ToList();
        Assert.True(all.Count == 0, $"{all.Count} found ({remedy}):\n  {string.Join("\n  ", all)}");
    }
}
