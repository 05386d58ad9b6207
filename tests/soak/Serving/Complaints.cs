namespace Mesh.Soak.Serving;

/// <summary>What a server saw that must not be: one line each on standard output, where the run looks for them.</summary>
internal sealed class Complaints(TextWriter output)
{
    public const string Mark = "WRONG";

    private readonly Lock gate = new();

    public void Say(string what)
    {
        lock (gate)
        {
            output.WriteLine($"{Mark} {what}");
            output.Flush();
        }
    }
}
