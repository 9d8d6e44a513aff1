package scan
import ("testing";"context";"os";"bulwark/controls";"bulwark/source";"bulwark/source/manifests";"bulwark/report/json";"io")
func BenchmarkAdhoc(b *testing.B){
 all:=controls.All()
 for b.Loop(){
  src:=manifests.New(manifests.Options{Paths:[]string{os.Getenv("ADHOC")}})
  s,err:=Run(context.Background(),Config{Sources:[]source.Source{src},Controls:all,Handler:json.New(io.Discard)})
  if err!=nil{b.Fatal(err)}
  b.ReportMetric(float64(s.Objects),"objects")
 }
}
