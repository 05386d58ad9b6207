namespace Mesh.Compare.Candidates;

/// <summary>Who runs where: what is measured never shares a core with what measures.</summary>
internal static class Cores
{
    public static readonly string[] Candidate = ["taskset", "-c", "0"];
    public static readonly string[] Load = ["taskset", "-c", "1"];
}
